"""A second set of words and scenes per emotion, in the format of ``phrases``, which joins them to its tables."""

ADJECTIVES = {
    "neutral": """mild-mannered;sober;unfazed;unperturbed;cool-headed;prosaic;formal;reserved;impersonal
        robotic;mechanical;toneless;deadpan;undemonstrative;restrained;uninvolved;nonchalant;clinical
        dry;unflappable;balanced;self-possessed;at ease;listless;disinterested;apathetic|1;average
        unremarkable;wooden;poker-faced""",
    "happy": """chirpy;buoyant;mirthful;chipper;exuberant;jovial;festive;high-spirited;carefree;vivacious
        perky;animated;zestful;peppy;in a great mood;feeling good;loving;affectionate;fulfilled;lucky
        blessed;tender;charmed;thankful;enchanted;encouraged|1;entertained|1;at peace|1;comfortable|1
        cosy|1;rapturous|3;on fire with joy|3;giddy|3;delirious with joy|3;exultant|3;rhapsodic|3
        ebullient;laughing uncontrollably|3;smitten;eager;inspired;victorious|3;hilarious;goofy
        tipsy and merry;refreshed|1;welcoming;sweet""",
    "sad": """lugubrious;morose;despondent;dismal;doleful;sullen|1;bleak;broken;bereft;mourning;remorseful
        plaintive;dispirited;pitiful;wretched|3;suicidal|3;abandoned;rejected;lovelorn;grief-stricken|3
        teary-eyed;in pain;sorry;ashamed;guilty;defeated;weary of life;down;melancholy;joyless;crushed|3
        drained|1;hollow;empty;tragic;wounded;unloved;let down|1;weepy-voiced;bummed out|1;burdened
        bawling|3;agonised|3;pained;in mourning;in tears|3;resigned|1;withdrawn|1;despair-filled|3
        pathetic with grief;left out|1""",
    "surprised": """agape;open-mouthed;aghast with surprise;disbelieving;jolted;floored|3
        amazed by what happens;rattled by the news;marvelling;blindsided;caught by surprise;unprepared
        dazzled;mystified|1;baffled;stupefied by the news|3;dazed;taken by surprise;mesmerised
        astounded beyond words|3;blown away|3;bowled over|3;struck speechless|3;thrown|1;mind-blown|3
        inquisitive|1;questioning|1;confounded;agog;electrified by the news|3""",
    "fear": """aghast;skittish;nervy;phobic;haunted;hunted;distressed;frantic;quivering;jumpy;stressed|1
        worried stiff;daunted;shy|1;self-conscious|1;unnerved;on guard|1;vulnerable;defenceless
        scared stiff|3;scared to death|3;frozen|3;hyperventilating|3;paralysed|3;spineless
        apprehensive about tomorrow|1;overwrought;tormented by worry;afraid for the children
        desperate for help|3;trapped;cornered;helpless;suspicious|1;doubtful|1;frightful;trepidatious
        shrieking in terror|3;shivering;quaking|3;rattled;unsafe|1;flustered|1""",
    "disgusted": """repelled by the filth;grossed out by it;disgusted beyond measure|3;sick;bilious
        nauseous from the smell;horrified by the dirt|3;averse|1;revolted by the taste;about to puke|3
        abhorring it;choking on the stench|3;wrinkling the nose;turned off by the smell|1;finicky|1
        icked out;weirded out by the texture|1;green in the face;put off the food;grimacing;loathing it
        vomiting|3;retching with disgust|3;sickly;unable to swallow;fastidious|1;aghast at the hygiene
        repulsed by the touch""",
    "angry": """worked up;steaming;snappy;belligerent;combative;vicious;ferocious|3;embittered;acrimonious
        pissed off;ticked off|1;riled up;provoked;antagonistic;malicious;savage|3;violent|3;rabid|3
        cranky|1;crabby|1;short-tempered|1;surly|1;sulky|1;displeased|1;bothered|1;fed up;vexed
        affronted;reproachful;accusatory;argumentative;apoplectic|3;choleric;wild with anger|3
        explosive|3;burning with hate|3;irascible;ready to fight;in a foul mood;scathing;stern;strict|1
        jealous;fierce;pugnacious;cantankerous;abusive|3""",
    "contempt": """disparaging;stuck-up;lofty;uppish;pretentious;vain;egotistical;disrespectful;taunting
        flippant;derogatory;high and mighty;overbearing;self-satisfied;self-righteous;insolent
        bored by lesser people;catty;hoity-toity;judgemental;hypercritical;elitist;blase|1
        unimpressed by the effort|1;caustic;acerbic;wry|1;dry and mocking;lordly;full of disdain|3
        cruelly mocking|3;vainglorious;bumptious;gloating;sniffy;disapproving|1
        distrustful of everyone's ability|1;too cool to care;dismissive of others""",
}

FACES = {
    "neutral": """an unreadable face;face at rest;eyes straight ahead;a flat voice;monotone delivery
        nothing in the eyes;muscles loose, gaze steady;steady breathing and a level tone
        a mask-like look;no smile and no frown;a vacant look;eyebrows unmoved
        lips closed without tension;even pace, no emphasis""",
    "happy": """a twinkle in the eye;eyes sparkling;laugh lines;glowing cheeks;a bright voice;shining eyes
        a skip in every step|3;arms thrown in the air|3;a cheeky grin;laughing eyes
        a giggle in the voice;a sunny look;head thrown back in laughter|3;lips curled up in a smile
        a gleaming smile;a face lit up|3;a gentle smile|1;clapping hands;mouth corners curling up
        a chuckle|1;grinning from ear to ear|3""",
    "sad": """slumped shoulders;a lump in the throat;swollen eyelids;a sob in the voice|3
        a cracked, faint voice;head in the hands;tear-stained cheeks|3;a long sigh|1;hanging head
        vacant, wet eyes;voice full of tears|3;a faraway sad look|1;brows slanting up in the middle
        lips turned down at the ends;glistening eyes;a wobbling chin|3;bent back and slow steps
        dull eyes|1;a crumpled face|3;sniffles;face buried in a pillow|3""",
    "surprised": """hand over the mouth;a sharp intake of breath;eyes like saucers|3
        eyebrows at the hairline|3;head jerked back;a sudden start;mouth forming an o;a double take
        a blank, stunned stare|3;blinking rapidly;a quick upward flash of the brows|1;chin dropping
        eyes growing big;a little yelp;frozen mid-step, mouth open;raised forehead, parted lips
        brows arched, mouth hanging;eyes flying open;a low whistle|1""",
    "fear": """a racing heart;sweaty palms|1;a dry mouth|1;knees shaking|3;white knuckles
        cold sweat on the forehead;a high, thin voice;a blood-curdling scream|3;pupils huge
        a hunted look;arms held up for protection;breath held, eyes fixed on the door;a hard swallow|1
        ashen cheeks|3;quick shallow breaths;a voice that shakes;raised upper lids, tense mouth
        brows pulled up and in;fingers clutching the blanket;a stutter|1;lips drawn back sideways
        a whimper;fidgeting hands|1;hair standing up|3""",
    "disgusted": """a heaving stomach|3;a hand in front of the nose;a shudder at the slime;tongue out
        a pinched nose;a bitter look after tasting;the nostrils pulled up;a grimace as if tasting lemon
        a pulled-up upper lip;deep creases beside the nose;lips pushed out as if spitting
        head turned from the stench;a sour face|1;a choking sound at the smell;a nose wrinkle|1
        bile rising in the throat|3;a retching sound|3;squeezed lids and creased nose""",
    "angry": """clenched fists;a red face|3;a raised voice;a hard stare;a pointing finger
        nostrils wide, eyes blazing|3;a stamping foot;a voice like thunder|3;veins standing out|3
        a dark look;eyes burning|3;a curled fist;brows like a thundercloud;lips a thin line
        square mouth, teeth showing|3;a growl in the voice;stiff neck, hard jaw;snarling lips|3
        a deep crease between the brows;a cutting tone;a banging fist|3;spit flying|3;tense mouth|1""",
    "contempt": """a snort;a raised eyebrow and a smirk;an upturned nose;a cold half smile;a slow clap
        eyes sweeping over the {person} and away;a drawl;nose in the air;arms folded, chin up
        a thin mocking smile;a tight corner of the mouth;a lip curled on one side;a bored, lidded look
        an exaggerated yawn|1;half-smile and cold stare;one nostril raised;a cutting little laugh
        a flick of the hand;one mouth corner tight and lifted;eyes rolling|1
        a tilted head and a patronising smile;looking along the nose;a lopsided smile without warmth""",
}

# Verb phrases, third person, joined to EVENTS.
EVENTS = {
    "neutral": """states the facts;gives the exact figures;says nothing special;speaks as usual
        describes the weather;shows no reaction;turns to the next slide;reads the news
        introduces the topic;sorts files;asks for a receipt;keeps a straight face;nods and goes on
        parks the car;waters the plants;types an email;brushes teeth;buys a stamp
        has a regular working day;waits for the bus;puts on a coat;asks what time the shop closes
        quotes the manual;takes notes;talks through the procedure;does the laundry
        hands over the documents;calls out the next number;shrugs and continues;looks at the clock
        answers yes or no""",
    "happy": """roars with laughter|3;bounces up and down;skips down the street;blows kisses
        cheers loudly|3;whoops|3;punches the air|3;is finally free|3;made it to the top|3
        cured the illness|3;made peace with the {family};sees the baby smile;got the scholarship|3
        is reunited with the {animal};loves the new job;can't stop giggling;wins the lottery|3
        is having a wonderful time;shares a joke;tickles the baby;plays in the snow;finds true love|3
        enjoys a sunny day;welcomes a guest with open arms;hears the favourite song;dances in the rain
        eats a delicious ice cream;receives a warm hug;is cheered by the crowd;has great news to share|3
        greets the {person} warmly|1;relaxes on the beach|1;achieves a lifelong dream|3;smiles brightly
        had a good laugh;is told the cancer is gone|3;has the house full of friends
        holds the newborn for the first time|3;got a letter from a sweetheart
        looks forward to the weekend|1;sings at the top of the voice|3;adores the new puppy
        cuddles the {animal};gets tickets for the favourite band|3;saw the children play happily""",
    "sad": """breaks down in tears|3;cries quietly;weeps at the grave;can't stop crying|3
        lost the will to go on|3;misses a dead friend;feels lost;has given up;was bullied all year
        is all alone at night;hangs the head;got the news that the {family} has cancer|3;loses a baby|3
        must put the {animal} to sleep|3;says farewell to the {person}
        thinks about what might have been|1;couldn't be saved;lost the championship;is heartsick
        leaves the homeland forever;remembers the late {family};is haunted by regret;wipes a tear
        sits in the dark and sighs;apologises for everything;sees the {family} suffer;feels worthless
        buries the {family}|3;was not loved as a child;stares at an old photo;whispers goodbye
        lost everything in the fire|3;was stood up;is left by the love of a lifetime|3
        mourns the victims|3;feels sorry for the orphan;had to close the shop after forty years
        has no one to call;reads the obituary;failed again;eats alone;is told there is no cure|3
        grew apart from a friend|1;hears the old song and swallows|1;was cut from the team
        walks home alone in the rain;fights tears;collapses with grief|3
        packs the things of the dead {family}|3""",
    "surprised": """gasps;jumps at the sight;drops the {thing} in astonishment;does a double take
        rubs both eyes;wakes up in a strange place;opens the box and finds a {animal}
        gets a standing ovation out of nowhere;discovers a twin;can hardly believe it
        is proposed to on live tv|3;stares with an open mouth;sees the {person} fly|3
        hears a completely unexpected answer;stops dead and stares;exclaims oh my
        didn't know about the visit;learns that the {family} is alive|3;finds a fortune in the attic|3
        wins against all odds;never thought it possible;is hit by unexpected news
        saw the impossible happen|3;sees the lights go on and everybody shout
        meets an old friend by chance;finds the {thing} in the fridge
        notices that the {person} has shaved the head;hears the phone talk back;raises the eyebrows|1
        asks in amazement how it was done;realises who the stranger is;suddenly understands the trick
        sees a double rainbow|1;reads an incredible headline;is thrown by the question|1
        lets out a startled cry|3;gets the opposite of what was expected;finds the door wide open
        blurts out no way;looks twice""",
    "fear": """screams in horror|3;flinches;cowers in a corner|3;freezes on the spot|3;shakes all over|3
        runs away screaming|3;hides behind the sofa;clutches the {person};hears a growl in the bushes
        is being watched;can't find the exit;sees a face at the window|3;has a panic attack|3
        is pursued by the police;dreads the phone call;feels the ground give way|3
        is surrounded by crocodiles|3;gets a death threat|3;hears the alarm go off
        fears for the child's life|3;worries about money|1;is stalked
        sees headlights coming straight on|3;is trapped under the ice|3;walks alone through a dark alley
        hears glass break downstairs;backs into the wall;is about to be operated on;wakes up screaming|3
        doesn't dare to move;begs for life|3;stares down the barrel|3;holds on for dear life|3
        hears the bomb tick|3;has to cross the rope bridge;sweats before the speech|1
        whispers that someone is in the house;checks under the bed|1;is scared the lie will come out
        waits for biopsy results;startles at every sound;hesitates to open the door|1;smells gas
        is lost in the fog;expects the worst;sees the tide rising fast;was cornered by thugs|3
        stammers with nerves|1;is pale and trembling|3;shrinks back""",
    "disgusted": """throws up|3;gags at the smell|3;spits it out;shudders at the touch;refuses to eat that
        holds the nose shut;finds a cockroach in the shoe;steps in vomit|3;smells the sewer
        sees a rotting {animal}|3;recoils from the slime;is offered fried insects;finds mould in the cup
        sees someone sneeze on the {food};unclogs the drain;opens a can of rotten fish|3
        finds a toenail in the {food};smells armpits;sees a plate crawling with ants
        drinks spoiled {food} juice;watches a wound being cleaned;finds rat droppings in the cupboard
        is drooled on;scrubs the filthy toilet;can't bear the stench;touches a slug
        sees somebody lick the floor;pulls hair from the drain;eats a bug by accident|3
        sees a dirty bandage in the pool;feels sick at the sight;wants to wash right away
        pushes away the disgusting {food};steps on a snail with bare feet|1;wipes off the goo
        finds the {food} full of worms|3;smells the unwashed man on the bus;tastes soap|1;says yuck
        grimaces at the taste|1""",
    "angry": """screams with rage|3;shouts;yells at the referee|3;bangs the table|3;tears up the contract
        swears loudly;loses it completely|3;has had enough;demands an explanation
        throws the {thing} at the wall|3;storms out of the {place};wants justice now
        was deceived by the {person};found out about the affair|3;got a false accusation
        was denied a refund;threatens revenge|3;hates being told what to do
        can't tolerate the mess any more;discovers that the {person} stole the money|3
        clenches both fists;argues back;stamps the feet;snarls at the {person};is treated like dirt
        is overcharged;was shoved;gives the {person} a piece of mind;attacks in fury|3
        was woken by drilling again|1;rants about the government;honks and curses in traffic
        hangs up on the caller;is sick of waiting|1;warns them one last time
        disciplines the unruly class;calls the {person} a traitor|3;bursts with rage|3
        barks at the waiter;sends the meal back angrily;chews out the recruits|3
        rips the paper to shreds|3;was stabbed in the back by a friend|3;resents the {person};sees red|3
        has a bone to pick;rolls up the sleeves to fight;bickers with the {family}|1
        grunts at the {person}|1;is annoyed at the {thing}|1;protests loudly;spits with fury|3""",
    "contempt": """sneers;scoffs;smirks|1;snickers at the beginner;laughs in the {person}'s face
        rolls the eyes;yawns on purpose;thinks nobody is good enough;treats everyone as stupid
        gives a mocking bow;flicks dust off the sleeve at the {person};speaks as to a stupid child
        corrects everyone's grammar;finds the whole town ridiculous;won't shake hands with workers
        calls the painting childish;thinks the poor are lazy;turns away from the {person} in scorn
        applauds sarcastically;gloats over the beaten rival;refuses to sit beside such people
        despises cowards|3;grins mockingly at the stammerer;quotes the rival in a silly voice
        has nothing but scorn for the {person}|3;snorts at the suggestion;considers the effort laughable
        asks if that is supposed to be art;looks at the {person} like dirt|3;humiliates the waiter
        puts the {person} down;makes a snide remark;scorns the offer;mimics the accent of the {person}
        feels far above the rest;waves off the criticism;doubts that the {person} can read
        sniffs at cheap wine|1;snubs the {person} at the party;boasts of noble blood
        ridicules the prayer;regards the law as made for lesser men""",
}

QUOTES = {
    "neutral": """the meeting is on Thursday;please fill in this form;the capital of Canada is Ottawa
        take the second left;water boils at one hundred degrees;your appointment is at three
        the package arrives tomorrow;I see;all right then;there is a table by the wall
        he works in accounting;the next item is the budget;we sell shoes and bags;it is what it is
        the documents are on the desk;I have no opinion on that;fine by me
        for further information see the appendix;I went to the shop and came back
        the door is on the right;today is the third of May""",
    "happy": """yay|3;woo|3;haha;hehe;yippee|3;hurray|3;what a joy to see you;I'm so happy|3;fantastic|3
        wonderful;awesome|3;I got in|3;it's a girl|3;we made it|3;bravo;I adore it;that's lovely
        I feel on top of things|1;so much fun;you won't believe how great this is|3
        I could hug the whole world|3;isn't this great;perfect, thank you;what a beautiful sunset
        dreams do come true|3;we're engaged|3;I can't wait to see you;this is heaven|3;my hero
        best holiday ever|3;I love this song;hello beautiful;that tickles;high five;we beat them|3
        I'm free at last|3""",
    "sad": """alas;boo hoo;I can't stop thinking of her;it's hopeless|3;I'm all alone in the world|3
        he didn't make it|3;I wish I could turn back time;I just feel numb;why him, why now|3
        I miss my mum;she was everything to me|3;I let everyone down;what's the point
        we buried him yesterday|3;it will never be like before;I'm so sorry;he never said goodbye
        my life is over|3;they're all gone|3;oh dear, poor thing|1;I can't do this any more|3
        I don't have anyone;it's too late now;I cry every night|3;please come back to me|3
        nobody wants me;so that was it then|1;we had such good times together;I ruined my life
        the house is so quiet without you""",
    "surprised": """what|3;huh;oh;wow|3;whoa there;omg|3;good grief;gosh;blimey;really;no kidding;say what
        seriously;how is this possible|3;you did what;since when do you play the {thing}
        I never knew that;that can't be right;well, look who's here;are those real
        where did you come from;it disappeared|3;I'm speechless|3;is this a dream|3
        I didn't see you there;he's how old;you bought a what;all this for me;it was you all along|3
        that was quick|1;wait, today is my birthday;who would have guessed;it worked, I don't believe it
        you're early|1;hey, what's that;look, a {animal} in the {place};my goodness
        the {person} is my father|3""",
    "fear": """aaah|3;eek|3;oh god, no|3;somebody help|3;it's coming closer|3;don't let go|3
        what was that sound;is it gone;please spare me|3;I can't look;we shouldn't be here
        get me out of here|3;there's blood everywhere|3;I'm afraid of flying;stay behind me
        he'll find us|3;I think I'm having a heart attack|3;don't open that door
        something's wrong, I can feel it|1;shh, it can hear us;I want my mummy;the boat is sinking|3
        he's got a knife|3;what's going to happen to us;I'm so nervous|1;turn the light on, please
        I don't dare;don't come any closer|3;are we safe here;what if I fail|1;hold me
        my child is missing|3;the water is rising|3;that dog looks dangerous""",
    "disgusted": """blegh;ew;ewww|3;ugh;bah;phew, it reeks;gross, don't touch it;what did I just step in
        that's nauseating|3;keep that filth away from me;it smells like rotten fish;this is foul
        there's a worm in it;this is putrid|3;I can't eat this;did something die in here|3
        it's dripping with grease;get that bug out of my soup;how unhygienic
        wash your hands, that's filthy;you licked it, yuck;I need to puke|3;your breath stinks
        it's full of maggots|3;take that stinking thing away;I'd rather starve than eat that
        the stench is unbearable|3;so unappetising|1;that's just nasty;it left slime on my hand
        the bin hasn't been emptied for weeks""",
    "angry": """grr;argh|3;damn you|3;what the hell|3;get lost|3;go away;how dare you|3;you liar|3
        back off|3;I'm sick of this;what's your problem;that does it|3;you had no right
        I'll get you for this|3;stop right there;do as I say;are you kidding me, again
        don't you ever do that again|3;you betrayed me|3;I demand a refund;I won't tolerate this
        shut your mouth|3;you broke it, you idiot|3;this is my house, leave;you always do this
        I've waited for two hours;drop it, now|3;you've gone too far|3;I hate this stupid {thing}
        for crying out loud;what took you so long|1;stop interrupting me;give me back my money|3
        will you be quiet|1;this is theft|3;you should be ashamed;I'm not your servant
        who scratched my car;nobody asks me, ever;I could strangle him|3;bastard|3""",
    "contempt": """pff;pfft;tsk;meh|1;as if;oh bravo, genius;how quaint;you must be new here
        is that your best;so what;what a joke;I'm surrounded by idiots;you're out of your depth
        peasants|3;you wouldn't know quality if it bit you;my poor dear, you understand nothing
        do try to keep up;run along now;I don't associate with such types
        oh, you read a book, congratulations;cute hobby;they let anyone in these days
        please, don't embarrass yourself;is he supposed to be a threat;some people never learn
        good for you, I suppose|1;you're a nobody|3;what would you know about it
        you're beneath my notice|3;nice dress, was it on sale;I could do that in my sleep
        you call yourself an expert;it's almost funny how bad you are
        I expected nothing better from that family;let the grown-ups talk
        even my dog is smarter than you|3;not that you could afford it;useless, the lot of them|3""",
}

# Somebody in a situation, joined to ROLES.
ROLES = {
    "neutral": """a newsreader;a sat nav;an announcement on the platform;a cashier naming the sum
        an exam instruction;a pharmacist explaining the dose;a delivery man asking for a signature
        a phone operator;a language course tape;a secretary taking a call;a policeman noting the details
        a {person} who talks about nothing in particular;an engineer describing a valve
        an audiobook without emotion;a chemist listing elements;a teacher calling names
        a mechanic explaining the parts;a diplomat without any reaction;a referee reading out the result""",
    "happy": """a lottery winner|3;a newlywed couple|3;a toddler with a balloon
        a grandmother hugging the children;a girl on her birthday;a fan meeting the idol|3
        a boy on a swing;a goal scorer running to the fans|3;friends laughing over old times
        a puppy lover;a graduate throwing the cap|3;a traveller home at last;two lovers on a picnic
        a mother watching the first steps of the baby;a dad on a day off
        a child under the christmas tree|3;a clown in a cheerful mood;a team lifting the trophy|3
        a hostess in party mood;a kid getting a puppy|3;an athlete with the gold medal|3
        a woman flirting with a smile;a choir singing joyfully;a man whistling in spring|1""",
    "sad": """a widow|3;a father at his child's coffin|3;a girl crying in her room|3
        a poor child at the window of a toy shop;a rejected lover;a fallen champion
        an old dog waiting for its dead master;a divorced man in an empty flat
        a nurse telling relatives the bad news;a sick child in hospital;a lonely teenager
        a loser of the final;a mother waving to the leaving ship;a man who wasted his life
        a clown who cries;a veteran remembering the fallen;a homeless woman at christmas
        a singer of mournful songs;a child missing the mother;an exile;a {person} who was dumped
        a friend giving a funeral speech;a son at the deathbed|3;a girl with a broken heart|3""",
    "surprised": """a man finding a stranger in the bath;a cook whose cake explodes|3
        a girl pulled on stage from the audience;a mother who sees triplets on the scan|3
        a visitor in front of a giant statue;a boy whose tooth is gone;a driver seeing a cow in the lift
        a winner who misheard the name;a couple receiving an unexpected guest
        an heir who never knew the uncle;a teacher whose worst pupil gets top marks
        a bird watcher seeing a rare bird;a child seeing the sea for the first time
        a farmer with a meteorite in the field|3;a clerk handed a million in cash|3
        somebody who just realised the truth;an unsuspecting birthday child
        a {person} bumping into an old flame""",
    "fear": """a victim in a horror film|3;a girl chased through the woods|3;a man on a ledge|3
        a deer in front of a wolf;a soldier in the trench|3;a child during a thunderstorm
        a drowning man|3;a passenger in turbulence;a person afraid of spiders
        a boy before the principal's door|1;an actor before the premiere|1
        a prisoner before the execution|3;a cashier in a robbery|3;a camper hearing wolves
        a worker on a swaying crane;a fugitive;someone buried in the rubble|3
        a new employee on the first day|1;a parent whose child has a fever;a witness afraid of the mob
        a miner in a collapsing tunnel|3;someone with a phobia;a skydiver whose parachute won't open|3
        a babysitter alone in a storm;a mouse in front of a cat""",
    "disgusted": """a diner finding a cockroach;a princess who must kiss a frog
        a mother finding a rotten lunch box;a commuter next to an unwashed man
        a cook opening spoiled meat;a man who drank from an ashtray|3;a boy smelling cheese
        a girl touching raw fish;a doctor smelling gangrene|3;a hotel guest finding hair in the bed
        a baby spitting out spinach|1;a janitor in a vandalised toilet
        a student opening a forgotten lunch;a swimmer in a dirty pool;a woman with a leech on the leg
        somebody at a sewage plant;a {person} who swallowed a bug|3;a vegan at a pig roast
        a passer-by stepping in spit""",
    "angry": """a dictator screaming|3;a drill sergeant|3;a furious bride|3;an angry mob|3
        a boss whose order was ignored;a man whose bike was stolen;a father shouting at a bully
        a taxi driver cursing;a striker who was fouled;a betrayed wife|3;an employee fired by email
        a victim screaming at the murderer|3;a captain facing a mutiny;a child in a tantrum|3
        a bouncer throwing someone out;a hungry customer complaining|1;a judge losing patience|1
        a neighbour banging on the wall;a rival looking for a fight;an avenger|3
        a {person} who has been cheated;a wolf mother defending her young|3
        a driver whose parking space was taken;a teen slamming doors;an activist shouting at the police""",
    "contempt": """an arrogant prince;a snobbish art dealer;a mean girl mocking the new one
        a villain gloating over the hero;a cynical judge of a talent show;a proud duke before peasants
        a hipster hearing pop music;a gourmet facing fast food;a clever lawyer tearing a witness apart
        a bored model looking at the fans;a master despising the slave;an aristocrat offered cheap wine
        a wise guy who knows everything;a coach laughing at the other team;a mocking jester
        a haughty shop assistant;a chess player yawning at the opponent
        a boss who thinks the staff are fools;a bigwig;a {person} who feels far superior
        a champion who does not fear the beginner;an ice queen;a rich heiress among tourists""",
}
