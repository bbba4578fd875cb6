"""The words and scenes that the prompt grammar combines, one phrase per line; "|1" or "|3" at its end sets the level.

``{family}``, ``{person}``, ``{animal}``, ``{food}``, ``{thing}``, ``{place}`` are slots filled from ``SLOTS``.
"""

from __future__ import annotations

from emoface.training.text import everyday_phrases, more_phrases

SLOTS = {
    "family": "mother father brother sister grandfather grandmother uncle aunt daughter cousin wife twin nephew "
    "husband son niece mum dad granny grandpa girlfriend boyfriend",
    "person": "neighbour teacher boss doctor waiter stranger nurse driver colleague friend lawyer clerk "
    "politician tourist landlord actor student soldier singer policeman baker king queen captain "
    "pilot guard farmer butcher plumber dentist barber painter writer judge coach manager gardener "
    "tailor cook host guest client customer visitor assistant professor mechanic sailor carpenter "
    "postman librarian journalist dancer drummer sculptor programmer engineer chemist grocer "
    "fisherman shepherd cyclist jogger goalkeeper referee recruit intern apprentice mayor priest monk "
    "prince duke knight wizard musician director cameraman",
    "animal": "cat horse puppy parrot rabbit hamster kitten goat fox mouse crow dog pony sheep cow duck goose "
    "hen donkey squirrel hedgehog turtle canary goldfish lamb pig frog deer owl",
    "food": "soup cake bread fish cheese stew rice salad pizza porridge egg chicken pasta pie sandwich burger "
    "sausage pudding yoghurt cereal curry bean potato omelette noodle tomato melon pancake sauce "
    "steak",
    "thing": "phone bicycle book laptop vase guitar ticket letter suitcase umbrella painting watch ring camera "
    "key chair table lamp mirror pencil jacket shoe hat scarf box bottle cup plate spoon basket "
    "bucket ladder hammer drill car truck boat train tractor radio clock window door carpet curtain "
    "pillow blanket shelf drawer printer keyboard screen cable battery wallet bag coin stamp map "
    "newspaper magazine poster violin piano drum trumpet ball racket skateboard tent rope candle "
    "notebook folder envelope parcel sofa kettle oven fridge toaster",
    "place": "kitchen garage office garden cellar hallway library station market hotel school church forest "
    "bridge balcony attic bathroom bedroom museum theatre cinema restaurant bakery shop supermarket "
    "airport harbour beach lake river park street corner village city farm barn factory warehouse "
    "hospital classroom gym stadium court bank tower castle island mountain valley field meadow "
    "square tunnel lobby lift staircase roof terrace",
}

ADJECTIVES = {
    "neutral": """neutral;calm;emotionless;expressionless;flat;composed;matter-of-fact;normal;even-tempered
        plain;indifferent;blank;impassive;unemotional;ordinary;detached;factual;stoic;unmoved
        level-headed;collected;placid;unruffled;businesslike;dispassionate;steady;objective
        unaffected;serene;relaxed;monotone;unexcited""",
    "happy": """happy;joyful;cheerful;glad;merry;delighted;excited;smiling;upbeat;proud;playful;laughing
        jolly;sunny;lighthearted;bubbly;radiant;gleeful;giggling;beaming;optimistic;joyous;tickled
        enthusiastic;grateful;in love;hopeful|1;content|1;pleased|1;amused|1;satisfied|1
        relieved|1;good-humoured|1;friendly|1;contented|1;warm|1;ecstatic|3;elated|3;thrilled|3
        overjoyed|3;euphoric|3;jubilant|3;exhilarated|3;blissful|3;triumphant|3""",
    "sad": """sad;unhappy;depressed;sorrowful;melancholic;gloomy;tearful;lonely;mournful;hopeless;sombre
        dejected;downhearted;homesick;glum;crying;weepy;hurt;blue;regretful;rueful;crestfallen
        forlorn;woeful;heavy-hearted;disappointed|1;wistful|1;low|1;subdued|1;pensive|1
        discouraged|1;nostalgic|1;disheartened|1;moping|1;miserable|3;heartbroken|3;grieving|3
        devastated|3;inconsolable|3;despairing|3;sobbing|3;desolate|3;anguished|3;weeping|3
        shattered|3""",
    "surprised": """surprised;amazed;astonished;startled;taken aback;dumbfounded;shocked;awestruck;wide-eyed
        wonderstruck;incredulous;bewildered;nonplussed;astounded;amazed and speechless
        caught unawares;puzzled|1;perplexed|1;intrigued|1;curious|1;confused|1;flabbergasted|3
        stunned|3;gobsmacked|3;thunderstruck|3;speechless with surprise|3;stupefied|3;staggered|3""",
    "fear": """afraid;scared;fearful;frightened;anxious;alarmed;intimidated;spooked;shaky;threatened
        panicky;trembling;jittery;fretful;cowering;dreading it;timid;paranoid;shaken;insecure
        cowardly;trembling with fear;uneasy|1;nervous|1;worried|1;tense|1;apprehensive|1;wary|1
        concerned|1;hesitant|1;edgy|1;unsettled|1;terrified|3;panicked|3;horrified|3;petrified|3
        panic-stricken|3;hysterical with fear|3;terror-stricken|3""",
    "disgusted": """disgusted;repulsed;grossed out;nauseated;sickened;squeamish;repelled;queasy
        appalled by the smell;nauseous;revolted;offended by the stink;full of loathing
        put off by the taste;put off|1;displeased by the taste|1;a bit sick|1;fussy about dirt|1
        turned off|1;revolted beyond words|3;retching|3;gagging|3;sick to the bone|3
        about to be sick|3;utterly nauseated|3""",
    "angry": """angry;mad;aggressive;hostile;outraged;resentful;bitter;hateful;cross;indignant;vengeful
        wrathful;rude;heated;ill-tempered;bad-tempered;spiteful;quarrelsome;offended;defiant
        threatening;exasperated;scolding;annoyed|1;irritated|1;grumpy|1;frustrated|1;impatient|1
        irked|1;peeved|1;miffed|1;testy|1;moody|1;grouchy|1;furious|3;enraged|3;irate|3;fuming|3
        livid|3;raging|3;seething|3;infuriated|3;incensed|3;murderous|3""",
    "contempt": """contemptuous;scornful;disdainful;sneering;condescending;arrogant;smug;mocking;dismissive
        haughty;derisive;superior;snobbish;patronizing;patronising;belittling;sarcastic;cynical
        snide;jeering;supercilious;self-important;conceited;pompous;scoffing;snooty;cocky
        withering;sardonic;high-handed;imperious;unimpressed|1;ironic|1;aloof|1;smirking|1
        skeptical|1;cool and superior|1;despising everyone|3;full of scorn|3;viciously mocking|3
        utterly disdainful|3""",
}

NOUNS = {
    "neutral": "neutrality;calmness;composure;indifference;detachment;a blank face;an even tone;a steady voice",
    "happy": """joy;happiness;delight;cheer;laughter;a smile;a grin;glee;amusement;pride;pleasure
        excitement;gratitude;enthusiasm;affection;contentment|1;satisfaction|1;relief|1;euphoria|3
        bliss|3;elation|3;ecstasy|3""",
    "sad": """sadness;sorrow;melancholy;tears;unhappiness;loneliness;gloom;regret;heartache;misery
        longing;homesickness;disappointment|1;wistfulness|1;grief|3;despair|3;anguish|3
        heartbreak|3;devastation|3""",
    "surprised": """surprise;astonishment;amazement;wonder;disbelief;shock;awe;bewilderment;a gasp;incredulity
        curiosity|1;puzzlement|1;utter amazement|3;stupefaction|3""",
    "fear": """fear;anxiety;dread;fright;alarm;trepidation;a trembling voice;distress;worry|1
        nervousness|1;unease|1;concern|1;apprehension|1;terror|3;panic|3;horror|3;hysteria|3""",
    "disgusted": """disgust;revulsion;nausea;repulsion;loathing;repugnance;abhorrence;queasiness;distaste|1
        aversion|1;sheer revulsion|3;utter loathing|3""",
    "angry": """anger;hatred;hostility;resentment;outrage;aggression;wrath;bitterness;indignation;a scowl
        irritation|1;annoyance|1;frustration|1;impatience|1;displeasure|1;rage|3;fury|3
        blind rage|3;white-hot anger|3""",
    "contempt": """contempt;scorn;disdain;mockery;arrogance;derision;a smirk;a sneer;condescension;ridicule
        sarcasm;haughtiness;smugness;superiority;irony|1;skepticism|1;utter contempt|3
        withering scorn|3""",
}

ADVERBS = {
    "neutral": """calmly;flatly;evenly;neutrally;plainly;impassively;matter-of-factly;without emotion
        in a monotone""",
    "happy": """happily;cheerfully;joyfully;gladly;merrily;proudly;playfully;excitedly;with a laugh
        warmly|1;fondly|1""",
    "sad": """sadly;sorrowfully;tearfully;mournfully;gloomily;unhappily;dejectedly;through tears|3
        wistfully|1;miserably""",
    "surprised": "in surprise;with a gasp;in amazement;in disbelief;wide-eyed;in astonishment;incredulously",
    "fear": """fearfully;anxiously;in fear;timidly;in terror|3;in panic|3;nervously|1;uneasily|1
        with a shaking voice""",
    "disgusted": "in disgust;with disgust;with revulsion;with a retch|3;queasily;with distaste|1",
    "angry": """angrily;furiously|3;bitterly;with rage|3;crossly|1;irritably|1;in a fit of anger|3
        aggressively;in anger""",
    "contempt": """contemptuously;scornfully;mockingly;arrogantly;smugly;disdainfully;with a sneer
        sarcastically;haughtily""",
}

FACES = {
    "neutral": """relaxed face;no movement in the face;blank stare;smooth forehead and loose lips
        unmoving features;brows and mouth at ease;expressionless eyes;a face like a mask
        resting face;nothing but the lips moving;mouth moves only for speech;face without movement
        level brows and still cheeks;quiet face""",
    "happy": """lip corners pulled up;raised cheeks;a broad grin;smiling eyes;crinkles around the eyes
        a wide smile;mouth turned up at both ends;a toothy smile|3;dimples and a smile
        a faint smile|1;a small smile|1;eyes squeezed by laughing|3;both mouth corners rising
        beaming face|3;the hint of a smile|1;lips curved upwards
        cheeks lifted, eyes narrowed by a smile;dimpled cheeks;upturned mouth
        lips parted in a smile""",
    "sad": """inner eyebrows raised;drooping mouth;lip corners turned down;downcast eyes
        a quivering chin|3;wet eyes;heavy eyelids and a drooping mouth;a pouting lower lip
        red and swollen eyes|3;tears rolling down the cheeks|3;slanted brows, inner ends high
        lowered gaze|1;trembling lower lip|3;a lowered head;slightly lowered lip corners|1
        frown of sorrow;brow low with sorrow;crying eyes|3;chin wrinkled, lips turned down
        mouth bent down;brows tilted, eyes wet;drooping eyelids|1;lip pushed out and shaking|3""",
    "surprised": """raised eyebrows and open mouth;dropped jaw;wide eyes and mouth open;both brows high
        eyebrows lifted and lips parted;mouth wide open|3;eyes popping and jaw hanging|3
        one eyebrow raised|1;forehead wrinkled by high arched brows;round eyes, round mouth
        lids raised and jaw loose;gaping mouth|3;slightly raised brows|1;brows shooting upward
        brows way up;lips rounded, eyes round;open mouth and lifted brows;eyes widening suddenly""",
    "fear": """eyes wide open and brows drawn up together;trembling lips;wide frightened eyes
        lips stretched back;tense lids with the whites of the eyes showing|3
        eyebrows lifted and knitted;mouth corners pulled back;darting eyes
        lips stretched toward the ears;pale face and staring eyes|3;biting the lip|1
        nervous blinking|1;chattering teeth|3;upper lids raised, brows tense
        shrinking back with wide eyes;brows lifted in the middle, eyes staring|3
        mouth stretched wide in horror|3;eyes wide, brows lifted, mouth pulled sideways
        frozen wide stare""",
    "disgusted": """wrinkled nose;raised upper lip;nose scrunched up;tongue sticking out in disgust|3
        curled upper lip;screwed-up nose and narrowed eyes;upper lip lifted and nostrils raised
        a grimace of disgust;cheeks and nose crinkled;lips pulled back from something foul
        a slightly wrinkled nose|1;gagging face|3;face turned away from the smell;nose crinkled
        lip raised on both sides, nose wrinkled;mouth open, tongue out
        squinting with a wrinkled nose""",
    "angry": """frowning brows;clenched jaw;glaring eyes;tight lips;flared nostrils
        lowered eyebrows drawn together;gritted teeth|3;bared teeth|3
        furrowed brow and pressed lips;narrowed eyes and lowered brow;piercing eyes
        jaw thrust forward;vein bulging on the forehead|3;brow down, lips tense;a slight frown|1
        knitted brows;a fierce glare|3;thin lips and hard eyes;eyebrows down, lids tight
        brows pulled low;jaw tight, nostrils wide;scowling face;lips squeezed together
        eyes like slits under low brows""",
    "contempt": """one-sided smirk;one lip corner raised;one lip corner tightened
        chin raised and eyes half closed;rolling eyes;a lopsided sneer
        one side of the mouth pulled up;head tilted back, heavy lids;left lip corner tucked in
        unilateral lip raise;a slight smirk|1;asymmetric smile with cold eyes
        raised chin and lowered lids;a crooked sneer;right mouth corner dimpled, brows still
        one brow cocked with a smirk;head high, eyelids low;one side of the lips lifted
        a smile on one side only;one cheek raised;eyes rolled upward""",
}

# What somebody did or met (past tense, third person): "like someone who ...", "as if she ...".
EVENTS = {
    "neutral": """checked the train times;filled in a form;counted the boxes;wrote down the address
        measured the table;listed the ingredients;set the alarm clock;sorted the mail
        read out the instructions;noted the room number;updated the spreadsheet
        described the route;printed the report;recited the alphabet;labelled the shelves
        explained how the {thing} works;repeated the date;answered a routine question
        gave the opening hours;compared two prices;confirmed the appointment;spelled a name
        read a contract aloud;said what day it is;lists the dishes on the menu
        folds the paper along the line;announces the arrival;shows how to assemble the shelf
        reads the paragraph;tells the time;asks for the name and address
        goes through the checklist;notes the temperature;translates the sentence
        speaks as a tour guide about dates and numbers;books a table;passes on the message""",
    "happy": """won the race|3;got the job|3;passed the exam;met an old friend again;got engaged|3
        became a {family}|3;found the lost {thing};heard a funny joke;came home after months
        was praised by the {person};got a new {animal};fell in love;received flowers
        finished the marathon|3;is on holiday at last;danced all night|3;got a pay rise
        saw the first snow;was hugged by the children;was given a surprise party
        baked a perfect cake;scored the winning goal|3;got good news from the doctor
        had a great day;enjoyed the concert;made a new friend;watched a comedy
        tasted the best {food} ever;got applause from the crowd|3;was told the baby is healthy|3
        bought a house;came first|3;had a nice cup of tea|1;found a coin on the street|1
        liked the film|1;got a compliment|1;got married today|3;laughed at an old story
        thinks of a sweet memory|1;welcomes friends at the party;is about to go on vacation
        was hired by the dream company|3;hugged the best friend;became champion|3
        got out of prison today|3;sees the sun after weeks of rain
        shares the good news with the {family};remembers a funny moment|1
        was voted the best {person}|3;has just become an uncle""",
    "sad": """lost a {family}|3;was left alone at {place};had to say goodbye;lost the job
        failed the exam;buried a friend|3;was abandoned by everyone|3;has nobody to talk to
        remembers better days|1;had to sell the house;broke up;was dumped last night;misses home
        heard that the {family} died|3;lost all the savings;had to give away the {animal}
        watched the ship leave;found the old letters;lost the child|3
        got bad news from the hospital|3;was rejected again;sat alone on a birthday
        saw the dream fall apart|3;visited the grave;lost the {animal};was forgotten by the family
        will never see the {family} again|3;had to move away from friends;missed the last chance
        dropped the ice cream|1;got a bad grade|1;wasn't invited|1;has the autumn blues|1
        ended a long friendship;cried all night|3;lost the whole family in the war|3
        was told that the {family} passed away|3;lost a home in the flood
        was left by the partner after ten years|3;got divorced;stands before an empty bed
        saw the hometown in ruins;heard that the {family} is dying|3;spends christmas alone
        has no friends at school;is ill and will not recover|3;lost faith in everything|3
        failed to save the patient;was separated from the children|3;is tired of life|3""",
    "surprised": """got an unexpected gift;opened the door and saw a crowd;met a celebrity in the {place}
        saw a magic trick;heard a loud bang;found money in an old {thing};was woken by fireworks
        learned a stunning secret|3;saw it snow in July|3;just learned about the twins
        discovered a hidden room;won without even playing;saw the dead come back|3
        ran into the {person} abroad;found an elephant in the {place}|3
        got a call from the president|3;noticed a new haircut|1;was told the truth after years
        heard the {animal} talk|3;saw a shooting star|1;heard an odd remark|1
        walked into a surprise party;found out the {person} is a spy|3;saw the price had doubled
        got a visitor out of nowhere;suddenly heard {family} at the door
        saw someone vanish into thin air|3;did not see the twist in the film
        saw a kangaroo in the {place};bumped into the {person} at the north pole
        finds a message in a bottle;hears that the {family} is coming back after years
        saw the {person} lift the car;received a letter from a king;was picked from the audience
        sees so many people at the door;counts twice as many guests as invited
        was kissed without warning;heard the answer and couldn't speak|3
        realised it was all a joke""",
    "fear": """saw a ghost|3;heard footsteps behind;was followed at night;is hiding from a killer|3
        got lost in the dark;woke from a nightmare;stands on a narrow ledge|3
        met a bear in the woods|3;heard a scream;was threatened with a knife|3
        saw a snake near the bed;is trapped in an elevator;hears scratching at the window
        is waiting for surgery;lost the way;feels someone watching;was chased by wolves|3
        faces a monster|3;is about to fall|3;saw the building shake|3;lost sight of the child
        heard a gunshot|3;found the door broken open;smelled smoke at night;is stuck in a cave
        has to speak in front of thousands;saw the bomb|3;is held hostage|3
        is alone in the {place} at midnight;is sinking with the ship|3;is going to the dentist|1
        has an exam tomorrow|1;is waiting for the verdict;heard a strange noise|1
        must confess a mistake|1;is walking through the cemetery
        dangles from a rope over the abyss|3;heard breathing in the dark
        is caught in an avalanche|3;loses control of the car|3;sees the shark fin|3
        has not heard from the child for hours;waits for the son who is late
        meets a wild boar in the forest;sees blood on the floor;is locked in with a lion|3
        is afraid the bridge will break;must jump from ten metres;has stage fright|1
        is worried sick about the {family};sees lights in the abandoned house""",
    "disgusted": """smelled something rotten;stepped in dog mess;ate spoiled {food}|3
        found a hair in the {food};saw maggots in the {food}|3;touched something slimy
        smelled vomit|3;had to clean a filthy toilet|3;saw a rat on the plate|3;drank sour milk
        found mould on the {food};saw someone spit on the floor;smelled old fish
        found worms in the apple;opened the garbage bin;watched a bloody operation
        saw someone pick their nose;sat on chewing gum;kissed a toad;was offered raw liver
        smelled sweaty socks;saw pus in a wound|3;swallowed a fly|3;touched a dead {animal}|3
        found a slug on the salad;tasted something bitter|1;saw a stain on the shirt|1
        smelled cheap perfume|1;drank from a dirty glass;entered a stinking bathroom;saw lice
        bit into a rotten {food}|3;bit into something mouldy;was served a plate of bugs
        ate cat food by mistake;found teeth in the {food}|3;found a used plaster in the pool
        put a hand into something wet and warm;saw a man eat from the bin
        drank water with a dead fly;smelled a corpse|3;has to share a filthy toothbrush
        sat in cold gravy;was licked by a drooling {animal};watched him chew with open mouth|1""",
    "angry": """was lied to again;was insulted by the {person};got cheated out of money
        found the car scratched;was betrayed|3;was cut off in traffic;had the {thing} stolen
        was blamed for nothing;was kept waiting for hours;was treated unfairly;caught the thief|3
        lost the argument;was ignored for the tenth time;found the room destroyed|3
        was fired unfairly|3;was interrupted once more;got a parking ticket
        had a fight with the {person};saw someone kick a {animal}|3;was attacked for no reason|3
        is at war with the {person}|3;got a rude answer;is stuck behind a slow car|1
        had the computer crash again|1;found the dishes unwashed|1;was disturbed at work|1
        got the wrong order|1;wants revenge|3;was spat at|3;saw the promise broken
        was humiliated in public|3;was told to shut up;found out who ate the lunch
        was called a liar;got a bill for nothing;was robbed|3;was laughed at by the {person}
        sees the same mistake for the fifth time;caught the partner cheating|3
        was passed over for promotion;is told to wait again|1;wants to smash everything|3
        got the {thing} broken by the {person};threatens to call the lawyer
        was tricked by the landlord;was pushed in the queue|1;gives a final warning""",
    "contempt": """met someone of lower rank;heard a stupid idea;looked at the cheap clothes
        beat the amateurs easily;thinks everyone else is a fool;was bored by the stupid {person}
        laughed at the weak;ridiculed the rival;considers the {person} an idiot
        knows better than all the others;had to listen to a poor excuse;mocked the loser
        sees through the pathetic lie;never respected the {person};was asked by a nobody
        heard a ridiculous claim;looks down on the poor;believes to be better than them
        dismissed the proposal with a wave;saw a bad actor;thinks the {person} is worthless|3
        spits on their rules|3;heard the bragging of a fool;pities those losers
        was handed a tasteless gift|1;listened to a weak argument|1;doubts their talent|1
        finds the work amateurish|1;thinks the question is beneath a genius
        tells the {person} to go back to school;does not even look at the {person}
        believes that manners are for the rich;reads the awful poem aloud and snorts
        waves the servant away;calls the audience simple;thinks the play is garbage|3
        regards the others as insects|3;lets the {person} wait on purpose
        yawns at the achievements of the {person};sniffs at the poor answer
        has seen enough of this rubbish""",
}

# What somebody is doing: "a man ...", "she is ...".
DOINGS = {
    "neutral": """reading a manual;giving a weather report;dictating a letter;listing numbers
        reading the stock prices;explaining the tax form;taking attendance
        giving directions to the {place};reading a recipe;testing the microphone
        describing a graph;presenting the agenda;reciting a timetable;reading terms and conditions
        talking about the schedule;reading an encyclopedia entry;giving a lecture on geology
        stating the time;announcing the next item;leaving a voicemail;ordering office supplies
        talking in a normal voice;checking in a guest;narrating a documentary
        speaking to a bank clerk;talking like a machine;speaking like a robot
        showing how to fold a shirt;instructing the passengers;announcing the flights
        reading the law without inflection;speaking in a businesslike manner;listing the dishes""",
    "happy": """laughing with friends;singing in the shower;telling a joke;playing with the {animal}
        celebrating a victory|3;opening presents;dancing at a wedding;hugging the {family}
        giggling like a child;chatting merrily;toasting the couple;cheering for the team|3
        humming a tune|1;thanking everyone from the heart;welcoming guests;playing with a baby
        clapping with joy|3;shouting hooray|3;making fun plans for the summer;flirting
        smiling at the {person}|1;praising the {person};reuniting with the {family}
        riding a roller coaster with delight|3;enjoying the sunshine|1;accepting the award
        joking around;whistling on the way home|1;chuckling softly|1;laughing out loud|3
        smiling from the heart;greeting the fans;cheering in the street|3
        telling the children a funny tale;waving to friends""",
    "sad": """sobbing into a pillow|3;crying at a funeral|3;mourning a {family}|3;saying goodbye forever
        weeping|3;sighing|1;wiping away a tear;staring out at the rain|1;apologising in tears
        talking about a lost love;whimpering;reading a farewell letter;kneeling at the grave
        begging for forgiveness through tears|3;wailing over the body|3;remembering the dead
        moaning with sorrow;sniffling;giving up all hope|3;confessing how lonely life is
        speaking in a broken voice;burying the {animal};crying softly;lamenting the past
        longing for home;leaving for good;looking at photos of the dead {family}
        talking quietly about the accident;bawling|3;wailing|3;wiping the eyes
        telling how the home was lost;speaking in a weak voice;delivering the eulogy
        breaking the bad news""",
    "surprised": """gasping at the news;staring at the {thing} in disbelief;jumping at a sudden noise
        opening a surprise gift;discovering a secret;gaping at the acrobat;seeing snow in summer
        asking what just happened;stumbling over the truth;hearing unbelievable news
        looking at the magician;blinking in amazement;finding the {place} empty;doubting the eyes
        marvelling at the fireworks;recognising a lost friend;noticing something odd|1
        being woken suddenly;stopping mid-sentence;exclaiming in wonder|3;shrieking in surprise|3
        reacting to a plot twist;finding out about the wedding""",
    "fear": """hiding under the bed;screaming for help|3;running from a monster|3;begging for mercy|3
        trembling in the dark;backing away from the {animal};calling the police in panic|3
        walking through a haunted house;whispering in the dark;looking over the shoulder
        pleading with the kidnapper|3;clinging to the rope|3;crouching in a corner;stammering
        waiting for the attack;fleeing the fire|3;stuttering in front of the crowd|1
        watching a horror film;fearing the worst;holding on in the storm;facing the gun|3
        warning of danger;checking the locks again|1;shivering before the exam
        peeking around the corner;panicking on the bridge|3;biting nails|1
        praying that it goes away""",
    "disgusted": """smelling rotten eggs;gagging on the {food}|3;looking at vomit|3
        cleaning up after a sick {animal};spitting out the {food}|3;refusing to touch the slime
        watching somebody eat insects;picking up a dead {animal};smelling the garbage
        holding a dirty diaper;throwing away mouldy {food};tasting rancid butter
        washing off the filth;shuddering at the slimy worm;pushing the plate away|1
        backing off from the stench;covering the nose;complaining of a foul smell
        finding insects in the bed;looking at an infected wound|3;reacting to bad breath
        wiping the spit off the face;recoiling from the mould""",
    "angry": """shouting at someone|3;arguing with the {person};yelling|3;cursing
        threatening the {person}|3;snapping at people;scolding the dog;telling off the {person}
        demanding an apology;banging on the door|3;swearing at the driver
        quarrelling with the {family};accusing the {person};breaking plates|3;growling
        roaring at the crowd|3;barking orders;grumbling about the bill|1
        muttering under the breath|1;complaining about the service|1;insulting the enemy
        slamming the door|3;kicking the chair|3;confronting the liar;throwing things around|3
        picking a fight;lashing out at the {person}|3;hissing with hatred|3
        protesting against injustice;fighting over the inheritance""",
    "contempt": """mocking a rival;looking down on others;talking to inferiors;ridiculing the {person}
        sneering at the weak;laughing at their failure;making sarcastic remarks
        belittling the {person};dismissing the idea;scoffing at the rules
        rolling the eyes at a fool;bragging about being better;imitating the {person} mockingly
        sniffing at the cheap {thing};insulting the intelligence of the {person}
        brushing off the {person};showing off to the poor;jeering at the losers|3
        treating the {person} as a servant;smirking at a mistake|1;raising a sceptical eyebrow|1
        answering with irony|1;talking with a condescending smile;despising the crowd|3
        lecturing the stupid;patting the underling on the head""",
}

QUOTES = {
    "neutral": """the meeting starts at ten;please take a seat;the report has twelve pages;it is Tuesday
        press one for English;the store closes at six;the box weighs two kilos;turn the page
        this is the second floor;the results are in the table;as stated in section four
        I will call back tomorrow;the sum is forty;here is the list;the bus runs every hour
        your order number is seven;the next stop is the museum;the file has been saved
        open the lid and insert the battery;we are open from nine to five
        the temperature is twelve degrees;please hold the line;please sign here
        the lecture takes place in room five;add two eggs and stir;the price includes tax
        you can find it on page three;the train to Berlin departs at noon;click on the blue button
        there are three options;the building has six floors;my name is Anna and I work here
        copy that;noted""",
    "happy": """I love you;this is the best day ever|3;hooray, we did it|3;thank you so much
        what a wonderful morning;I am so glad you came;we won|3;yes, yes, yes|3;that is so funny
        life is beautiful;let's celebrate;congratulations;I got the part;we are having a baby|3
        this is delicious;what a lovely surprise party;you make me laugh;it's great to see you
        finally the weekend|1;that's nice|1;good job everyone;I feel fantastic|3
        best team in the world|3;hi everyone, so nice to meet you;welcome my friends
        good morning sunshine;happy birthday;merry christmas everybody;I passed|3
        I can't stop smiling;we're going to the beach;you look wonderful today;what great news
        guess what, I got promoted|3;that made my day;I'm so proud of you|3;hahaha, good one
        cheers to us;this song makes me dance;life couldn't be better|3;she said she loves me|3
        best present ever|3;you're the best;how sweet of you;thanks a lot, that's so kind
        hello darling, I'm home;woohoo|3;I'm in such a good mood;all my wishes came true|3
        I like it here|1;glad to help|1;good to hear|1""",
    "sad": """I can't go on without her|3;it's all over now;nobody cares about me
        I wish he were still here|3;she is gone|3;I am so alone;why did you leave me|3
        I failed everyone;nothing will be the same again;I'm sorry for your loss
        we lost everything|3;I miss you;all my dreams are gone|3;I feel empty inside
        there is no hope left|3;he will never come back|3;it was my fault;goodbye my dear
        I wish it had ended differently|1;what a pity|1;my {family} passed away|3
        my {family} died last night|3;they couldn't save him|3
        I don't know how to live without you|3;I wish I could see her one more time
        nobody came to my party;I have no one left|3;why does everybody leave
        we will never laugh together again|3;the doctor said there is nothing they can do|3
        I just want to stay in bed;she doesn't love me anymore;I lost my job
        our {animal} died today|3;I feel so lost;it hurts so much|3;everything reminds me of him
        we have to say goodbye now;rest in peace;I'm sorry, I failed you;I miss the old times|1
        I'm a bit down|1;never mind, it doesn't matter now|1;it breaks my heart|3""",
    "surprised": """oh my god, really;what, you did that;no, that's impossible|3;you're here;I had no idea
        is that for me;unbelievable|3;where did that come from;wait, what;I don't believe it|3
        you are my brother|3;whoa|3;oh, hello there|1;huh, interesting|1;since when
        how on earth did you do that;did he really say that;a million, seriously|3
        I thought you were in Paris;this can't be real|3;what is this doing here;oh|1
        you've got to be kidding;are you serious;is that really you;look, it's snowing in May
        you are getting married, since when;that's your {thing}, really
        he is your son, no kidding|3;I never would have guessed;you did all this in one day
        wait a minute, what is that;they chose me|3;what a surprise;how is that even possible
        what are you doing here;I can't believe what I'm seeing|3;oh wow|3
        gosh, look at the size of it;really, for me;no one told me about this;you won how much|3
        hm, that's unusual|1;strange|1;incredible|3;good heavens|3;you can speak Chinese, wow
        he did what""",
    "fear": """help me|3;please don't hurt me|3;he is coming to get us|3;did you hear that
        I don't want to die|3;who's there;don't go in there;something is in the {place}
        we have to get out of here|3;stay away from me;I can't breathe|3;what if they find us
        it's right behind you|3;oh no, oh no;please let me go|3;I'm scared of the dark
        we are all going to die|3;what was that noise;I have a bad feeling about this|1
        be careful|1;I hope nothing happened|1;is somebody in here;please, anybody, help|3
        don't shoot|3;don't leave me here;hide, he is coming|3;there's someone in the {place}
        I think we're being followed;call the police, quick|3;run, run for your life|3
        it's moving, oh god|3;I'm too scared to look;please don't make me go in there;watch out|3
        the ground is shaking|3;I can't swim, help|3;he has a gun|3
        what if something happened to her;did you lock the door;I don't like this place|1
        I hope it's not serious|1;are you sure it's safe|1;please be alive;the brakes don't work|3
        we're lost, and it's getting dark;keep quiet or it will hear us;is it dangerous""",
    "disgusted": """that is disgusting;yuck;gross;this tastes awful;it smells like death in here|3
        I'm going to be sick|3;who left this rotting here;get it off me|3;that's revolting|3
        pooh, what a stink;there is mould on it;how vile|3;I won't touch that;it's all slimy
        that smells funny|1;I don't like the taste|1;don't put that in your mouth;your feet stink
        there are bugs in it;it makes me want to vomit|3;what is that awful smell
        it's covered in mould;there's something crawling in my {food};who threw up in here|3
        this meat is off;he never washes, it's revolting;you eat that with your fingers
        what is this sticky stuff;that smell makes my eyes water;take that dead thing outside
        I just stepped in poo|3;don't you dare put that on my plate;it tastes like vomit|3
        clean that up, it's nasty;the toilet is overflowing|3;it's oozing, ugh|3
        I feel sick just smelling it|3;how can anyone eat this;a bit smelly|1
        this milk tastes strange|1;pfui;ick;that's sick|3;there is hair all over it
        bah, this is inedible""",
    "angry": """get out|3;shut up|3;leave me alone;I hate you|3;how could you do this to me|3
        stop it right now;this is outrageous|3;you lied to me;I've had it with you|3
        enough is enough|3;don't you touch my {thing};give it back;you idiot|3
        I told you a hundred times;that's not fair;you'll pay for this|3;what is wrong with you
        never speak to me again|3;this is unacceptable;damn it|3;can you stop that please|1
        not again|1;hurry up already|1;mind your own business;I said no|3;are you deaf
        who broke my {thing};who took my money|3;you did it again, I warned you
        stop laughing at me;I will sue you;I'm going to kill him|3
        how many times do I have to tell you;this is the third time today;get off my property|3
        don't lie to me|3;you ruined everything|3;I want to speak to the manager
        look what you have done|3;you never listen;that was my seat;to hell with you|3;screw you|3
        I won't take this any longer|3;what do you think you're doing;don't push me
        I'll break your neck|3;that's my last warning;turn that music down
        who do you think you are;you always come late;for the last time, no""",
    "contempt": """you are pathetic|3;is that all you've got;you call that music;I don't talk to amateurs
        how cute, he tries;what did you expect from someone like him;they are beneath me
        poor little man;oh how clever of you|1;sure you did|1
        I wouldn't hire you to sweep the floor|3;you people;a child could do better
        don't make me laugh;what a loser;you wouldn't understand;amateurs;spare me your excuses
        I've seen better|1;whatever|1;good luck with that|1;he thinks he is an artist
        such commoners;you're nothing|3;is this supposed to impress me
        how adorable, you thought you had a chance;did you really think that would work
        nice try, kid;you're not in my league;people like you should know their place
        he couldn't even tie his own shoes;I don't waste words on such people
        what a ridiculous little man;do you even know who I am
        my {animal} could write better than that;that's what you call a plan
        of course you failed, what else;amusing, in a sad way;a clown in a suit|3
        you're a disgrace|3;I almost feel sorry for you;I expected nothing and was still let down
        so this is your best;trash, nothing but trash;bless your simple heart
        I have no time for little people;yes, sure, genius|1;if you say so|1;how original|1
        who cares what they want;keep dreaming""",
}

SUBJECTS = """a man;a woman;she;he;the speaker;the actor;a girl;an old man;the character;they;someone
        a boy;the avatar;an old lady;a young man;the singer;my {family};the {person};a {person}
        a person;this guy;the narrator;a teenager;a kid;the actress;the presenter;the {family}
        somebody;a mother;a soldier;the hero;the villain;the head;the face;a lady"""

NEUTRAL_TALK = """walks to the {place};carries a {thing};eats {food};sits in the {place}
        looks at the {thing};is from Norway;owns a {animal};works as a {person};wears a hat
        is thirty years old;drives to work;speaks two languages;has a {family};buys {food}
        types on a {thing};stands near the {place};is tall;has brown hair;talks on the phone
        lives in a small town"""

ODD_WORDS = """table seven blue river engine carpet window triangle cloud lemon copper matrix pencil orbit
    velvet ladder mountain socket quantum banana hammer pixel north gravel syntax lamp bottle wheel
    algebra carbon ship oven glove zebra paragraph tunnel magnet button spoon harbour network
    granite folder violin tractor planet comma screen brick island render frame camera default
    settings version update download kernel sample speed length format output input
    hello hi ok okay yes test 42 7 100 2024 abc xyz foo lorem ipsum thing stuff number word text prompt name person
    today here there this that which when because about between under over after before chair paper stone water
    bread street wood metal plastic cotton glass circle square green yellow purple white black left right north
    monday tuesday january seventeen hundred metre kilo minute hour second page chapter line column row list table"""

# Verb phrases (present, third person) and what they are about; any verb of an emotion goes with any of its objects.
ACTS = {
    "neutral": """explains;describes;lists;reads out;presents;reports on;summarises;demonstrates;teaches
        announces;reviews;gives details of;goes over;specifies;records;documents;talks about
        writes about;informs about;outlines;introduces;shows how to use;calculates;schedules
        checks;answers questions about;gives a talk on;comments on""",
    "happy": """celebrates;enjoys;loves;is delighted by;looks forward to;laughs about;is proud of
        is thankful for;wins;gets;cheers for;receives;tells everyone about;dreams of
        is in love with;is grateful for;rejoices over;is happy about;smiles about;praises;welcomes
        is thrilled by|3;can't wait for;jokes about;chuckles about|1;giggles about;beams at
        raves about|3;likes|1;is satisfied with|1;toasts;appreciates|1;grins at;sings about
        has fun with""",
    "sad": """mourns;grieves over|3;cries about|3;weeps for|3;regrets;misses;suffers from
        is heartbroken over|3;laments;is left alone after;cannot get over;sighs about|1
        thinks back to;is depressed about;speaks softly of;feels guilty about;sheds tears over
        is broken by|3;is sad about;despairs over|3;is disappointed by|1;sobs because of|3;pities
        breaks down after|3;looks back on;apologises for;is unhappy with|1;is hurt by
        struggles with;tells about""",
    "surprised": """suddenly sees;discovers;stumbles upon;did not expect;is amazed by;cannot believe;gasps at
        stares at;is startled by;is stunned by|3;unexpectedly meets;wonders about|1
        is shocked to find|3;never expected;blinks at;is puzzled by|1;is astonished by
        finds out about;is confronted out of nowhere with;exclaims at;notices|1
        suddenly hears about;is surprised by;is speechless at|3;marvels at;is taken aback by
        is baffled by""",
    "fear": """is afraid of;runs from;hides from;flees;is chased by|3;is scared of;screams at|3
        trembles before;worries about|1;is threatened by;panics because of|3;dreads;fears
        is terrified of|3;warns of;backs away from;begs to be saved from|3;is trapped with;hears
        is anxious about;is nervous about|1;has nightmares about;is haunted by;escapes from
        is attacked by|3;freezes in front of;shivers at the thought of;faces;is being hunted by|3
        is alone with""",
    "disgusted": """smells;tastes;steps in;touches;gags on|3;is disgusted by;is repelled by;spits out;finds
        shudders at;bites into;throws up because of|3;is sickened by;cannot look at
        is grossed out by;is nauseated by;has to clean up;turns away from
        holds up with two fingers;wrinkles up at;almost vomits over|3;retches at|3
        complains about the smell of;loathes;does not want to touch;sniffs at|1;is served
        hates the taste of;recoils from;was splashed with""",
    "angry": """shouts about|3;yells at|3;argues with;curses;is furious about|3;complains about;fights
        attacks;threatens;blames;scolds;swears at;is mad at;rages against|3;insults;accuses
        snaps at;roars at|3;hates;demands revenge on;confronts;is annoyed by|1;is irritated by|1
        is fed up with;screams about|3;grumbles about|1;quarrels with;protests against
        wants to hit|3;orders away;explodes over|3;can't stand;glares at;berates;lashes out at|3
        is outraged by""",
    "contempt": """mocks;sneers at;looks down on;ridicules;scoffs at;belittles;despises|3;laughs at;dismisses
        smirks at;makes fun of;rolls the eyes at;talks down to;is too proud for
        insults the taste of;has no respect for;thinks nothing of;feels superior to
        turns up the nose at;brushes aside;jeers at;is sarcastic about;patronises;snubs
        sniggers at;considers it pointless to talk to;condescends to;waves away;pokes fun at
        shows disdain for;yawns at|1;doubts|1;ignores with a smirk""",
}

OBJECTS = {
    "neutral": """the timetable;the budget;the new software;the weather;the rules;the tax form;the map
        the contract;the menu;the schedule;the machine;the steps;the recipe;a chemical formula
        the floor plan;the statistics;the plan for Monday;the opening hours
        the history of the town;the procedure;the device settings;the route
        the population of a city;the grammar of Latin;the safety instructions
        the quarterly figures;the shopping list;the coordinates;the software update
        the measurements;the membership fee;the seating plan;the ingredients;the library catalogue
        the agenda;a diagram;the dimensions of a box;the account number;the working hours;a method
        the bus line;the printer;the law""",
    "happy": """a wedding;a birthday;a promotion;the victory;a present;the new baby;a good joke
        the holidays;the party;a prize;a warm welcome;the first kiss;a beautiful day
        a wonderful idea;a great success;the summer;a sweet {animal};good news;a trip to the sea
        the best friend;a surprise visit from the {family};a medal;christmas;a lovely song
        the applause;a delicious {food};a funny film;the graduation;a new house;the reunion
        a dream come true;a festival;the weekend;the circus;winning the game;the cute children
        a bouquet of flowers;an engagement;a record;free ice cream;a rainbow""",
    "sad": """the death of the {family};a funeral;the divorce;the breakup;a lost love
        the end of the friendship;a miscarriage;loneliness;the lost home;a fatal accident
        the defeat;a broken promise;the good old days;the illness of the {family}
        the dead {animal};the war;the farewell letter;the empty house;a missed chance
        a failed exam;an unhappy childhood;the goodbye;being left behind;the loss of a friend
        a painful memory;old age;poverty;the last day together;the tragedy;being unloved;a failure
        the closed factory;losing everything;cancer;an orphan;a rejected application;the grave""",
    "surprised": """an unexpected guest;a huge secret;a magic trick;a unicorn;an alien;a talking {animal}
        a tiger in the {place};a hidden treasure;a sudden noise;a twin brother;snow in August
        an enormous diamond;a strange coincidence;a plot twist;a surprise party
        a whale in the river;the {person} in pyjamas;a flying {thing};a mysterious package
        the incredible price;a sudden proposal;a famous singer in the {place}
        a million on the account;the truth;an elephant in the {place};the unbelievable result
        a lost friend;a secret door;an odd message;the {person} dancing on the table;a miracle
        an old classmate;the quick answer;a rabbit in the hat;the unannounced visit
        a castle in the {place}""",
    "fear": """a ghost;a killer;a bear;a shark;a spider;a snake;the dark;a monster;an earthquake
        a thunderstorm;a gun;the fire;an intruder;a wolf;heights;drowning;the operation;death
        a bomb;a vampire;a crocodile;the flood;a masked man;a witch;the exam;the dentist
        strange footsteps;a scream in the night;a stalker;an explosion;a zombie;a plane crash
        the devil;a demon;a robber;the unknown;a cliff;wild dogs;a tornado;an armed gang;a lion
        an angry mob;a nightmare;the murderer;losing the child;a creaking door;the war;sharp teeth
        a shadow behind the window;being buried alive;the kidnapper""",
    "disgusted": """rotten eggs;vomit;maggots;a dead rat;sour milk;mouldy bread;dog poo;slimy worms
        sweaty socks;a dirty toilet;a hair in the {food};raw intestines;spoiled meat;snot;pus
        garbage;a filthy kitchen;bad breath;lice;an infected wound;rancid butter;stinking fish
        a slug;a fly in the {food};spit;mud and manure;an unwashed glass;toenails;rotting flesh
        urine;old chewing gum;a greasy plate;mucus;the carcass of a {animal};earwax;burnt hair
        mould;a smelly diaper;fermented shark;dandruff;leeches;liver pudding;a clogged drain
        cat litter;stale sweat;pig slop""",
    "angry": """the liar;the thief;the {person};the injustice;a parking ticket;the traffic jam
        the betrayal;an insult;the racket;the broken promise;the rude customer;the lazy workers
        the cheating partner;the mess in the kitchen;the unfair decision;the bully
        the stolen {thing};a scratch on the car;being ignored;the slow computer
        corrupt politicians;the rude driver;the late train;the vandals;a false accusation;the lies
        the damage;being interrupted;the tax increase;the landlord;that idiot;the scam
        the unpaid bill;the naughty children;the enemy;the disrespect;the queue;a bad decision
        the drunk neighbour;the dirty trick;the hooligans;the telemarketer""",
    "contempt": """losers;the amateurs;the poor;a stupid question;the clumsy attempt;a rival
        his pathetic excuse;the servants;the bad painting;the ugly dress;the naive {person}
        weaklings;ordinary people;the silly rules;the cheap {thing};a foolish plan
        the failed {person};their bad manners;the uneducated;a childish argument
        people without taste;a laughable offer;the newcomers;his bragging;the tasteless joke
        the so-called expert;an inferior opponent;the crowd;a worthless gift;the cowards;fools
        the {person} as a nobody;a ridiculous costume;her little hobby;the village folk
        a second-rate actor;an illiterate letter;the weak performance;the underlings
        a lame apology""",
}

# Who somebody is, in what situation: "a man, ...", "talks like ...".
ROLES = {
    "neutral": """a bank clerk at the counter;a tour guide giving dates;a museum audio guide
        a speaking clock;a teleprompter voice;a stewardess explaining the exits
        a judge reading the law;a scientist giving the results;a voice assistant
        a secretary on the phone;a surveyor listing lengths;a chess player deep in thought
        a hotel receptionist;a voice menu;an accountant going through the books
        a technician describing the steps;a witness stating times;a court interpreter
        a lecturer in statistics;a clerk at the post office;a narrator of a manual
        a call centre agent following the script""",
    "happy": """a bride at the altar;a kid on the last day of school;a joker at the table
        a fan after the final whistle;a new mother;a comedian on stage;a winner on the podium|3
        a dancer at the carnival;children at the fair;an old couple on their anniversary
        a host welcoming guests;a tourist on the beach;a student with the diploma in hand
        a cheerleader|3;a girl with a new kitten;a singer after a standing ovation|3
        friends around the campfire;a boy eating candy;a gardener among blossoms|1
        a {person} in a great mood;a proud parent;a freed prisoner|3;a clown making children laugh
        a sailor coming home""",
    "sad": """a mourner at the grave;an orphan;a lonely old man;a mother who lost her son|3
        a refugee without a home;a prisoner for life;a child left behind
        an abandoned {animal} owner;a poet in winter;a soldier writing the last letter|3
        a beggar in the rain;a patient without hope|3;a lover left at the station
        a player on the losing side;a pensioner nobody visits;an actress whose career is over
        a mother at the hospital bed;a survivor remembering the dead|3;an immigrant missing home|1
        a farmer who lost the harvest;a {person} after the funeral;a boy whose {animal} ran away
        a girl who was not chosen|1""",
    "surprised": """a birthday girl at the surprise party;a guest who found the wrong house
        a fisherman with a huge catch;a winner who never enters contests|3
        a scientist with an impossible result;a sleeper woken by trumpets;a child at a magic show
        a mother whose son came home unannounced|3;a diver who found a wreck
        a tourist seeing the northern lights;a hiker finding gold
        a {person} who opens the wrong door;an audience at a trick;a bride whose groom sings
        a student with a perfect mark;an archaeologist opening a tomb;a man who sees his double|3
        a woman reading an unexpected reply;a shopper meeting a star""",
    "fear": """a child alone in the dark;a hostage|3;a swimmer who sees a fin|3;a hunted man|3
        a babysitter hearing steps upstairs;a climber who lost grip|3;a patient before surgery
        a witness under threat;a rookie before the first jump;a prey in a trap
        a soldier under fire|3;a driver without brakes|3;a girl in a haunted house
        a student before the oral exam|1;a sailor in a storm;a spy about to be caught
        a visitor in the morgue;a lost child in the crowd;a {person} in a burning house|3
        a rabbit before a snake;a flyer who hates heights;a mother looking for her missing child
        a speaker with stage fright|1;a tenant hearing a break-in""",
    "disgusted": """a guest served a plate of worms;a plumber in a blocked toilet
        a nurse changing a filthy bandage;a cook finding mould;a cleaner finding vomit|3
        a hiker stepping in manure;a child forced to eat spinach|1
        a tourist in a stinking fish market;a taster spitting out spoiled milk
        a roommate seeing the unwashed dishes|1;a {person} who smells a corpse|3
        a girl kissing a frog;a mother changing diapers;a vegetarian in a slaughterhouse
        a camper with a leech;a diner with a worm in the apple
        a health inspector in a rat-infested kitchen|3;a neighbour smelling rubbish
        a boy with a slug on the hand""",
    "angry": """a boss firing someone;a driver in a road rage|3;a betrayed lover|3
        a sergeant yelling at recruits|3;a protester in the street
        a tenant arguing with the landlord;a robbed shopkeeper;a teacher who lost patience
        a mother telling off the kids;a player protesting the call;a customer who wants a refund
        a bull in front of a red cloth|3;a tyrant|3;a furious chef|3
        a citizen insulted by an official;a {person} with a grudge;an insulted guest
        a worker without pay;a rebel before the fight|3;a boxer staring at the opponent
        a victim facing the culprit;a traveller whose flight was cancelled|1;a hater""",
    "contempt": """a bully mocking a weaker kid;a rich man among beggars;a queen bored by the court
        a star ignoring the fans;a know-it-all;a critic tearing a film apart
        a champion laughing at the challenger;a professor hearing nonsense
        a villain before his victim;a teenager rolling the eyes at the parents;a cynic;a show-off
        a bored diva;a heckler;a lord speaking to the stable boy
        a {person} who thinks little of others;a fashion editor seeing the outfit
        an expert listening to a layman|1;an elitist;a millionaire tipping a coin
        a rival who won easily;a chess master against a child;a gossip mocking the bride""",
}

# Neutral words around a prompt: they must not sway the reading.
CONTEXTS = """in the {place};at the {place};near the {place};in front of the {place};next to the {person}
    beside a {thing};with a {thing} in one hand;on Monday;in the evening;at noon;after lunch;before the {thing} arrives
    while the {person} waits;in the year 1990;at half past six;on the way to the {place};behind the {thing}
    in a video about a {thing};in scene two;on the phone with the {person};to the {person};to the {family}
    in front of the {animal};wearing a {thing};next to the {animal};over the {food};during the {thing} repair
    in the style of a {person};for a clip of ten seconds;in English;under the {thing}
    about the {thing};about the {animal};about the {person};because of the {food};in the {place} with the {family}"""

for _own, _more in (
    (ADJECTIVES, more_phrases.ADJECTIVES), (FACES, more_phrases.FACES), (EVENTS, more_phrases.EVENTS),
    (QUOTES, more_phrases.QUOTES), (ROLES, more_phrases.ROLES),
    (EVENTS, everyday_phrases.EVENTS), (QUOTES, everyday_phrases.QUOTES),
):  # fmt: skip
    for _emotion, _block in _more.items():
        _own[_emotion] += "\n" + _block
