"""A third set of phrases per emotion, from everyday life, in the format of ``phrases``, which joins them in."""

EVENTS = {
    "neutral": """fills the kettle;walks to the post office;reads a label;counts the boxes;checks the calendar
        enters a password;drives along the usual road;gives directions to the station;closes the window
        explains how the printer works;orders the usual;folds a towel;signs the form;scrolls through the list
        states name and address;repeats the phone number;dictates a memo;goes over the agenda;tidies the desk
        measures the table;looks up a word;picks up a parcel;leaves a message after the tone;waits in line
        talks about the train schedule;answers the survey;feeds the parking meter;stirs the soup
        describes the route;recites the alphabet;presents the quarterly numbers;confirms the booking
        spells the surname;changes a light bulb;ties the shoelaces;lists the ingredients;has nothing to add
        takes it as it comes;neither smiles nor frowns;shows no feeling at all;has no particular mood""",
    "happy": """finds out it was all worth it|3;has a reason to smile;finally gets it to work;lands the dream job|3
        says yes to the proposal|3;hugs an old friend after years|3;runs into the arms of the {family}
        hears the crowd chant the name|3;unwraps the present;passes the driving test;gets a clean bill of health|3
        sees the sea for the first time;watches the children play;makes a perfect goal;celebrates an anniversary
        raves about the concert;gushes about the new flat;tells everyone the good news;comes home from the war safe|3
        giggles at a video;cracks up at a joke|3;cannot stop grinning|3;hums a tune in the kitchen|1
        is over the moon with the result|3;walks on air|3;is tickled pink;is on cloud nine|3;beams from ear to ear|3
        has stars in the eyes;lights up when the {family} comes in;jumps on a trampoline
        rides a roller coaster with glee|3
        laughs until it hurts|3;wins a bet;toasts the newlyweds;gets a standing ovation|3;finds the lost {animal}
        is told the baby is healthy|3;spends the day with the grandchildren;gets a big bonus;wakes up to snow
        opens the letter of acceptance|3;scores the winning point|3;is showered with compliments;meets the hero|3
        sits in the sun with a good book|1;tastes the best cake ever;gets the joke;teases a friend lovingly|1
        falls in love|3;has a baby on the way|3;is proud of the {family};savours the victory;sings in the shower""",
    "sad": """looks at the empty chair;sets the table for one;reads the last letter again
        finds the old toys in the attic
        never got to say goodbye|3;hears their song on the radio;packs the things of the late {family}|3
        visits the grave;loses the house;lost the {animal} to illness;gets the divorce papers;is not invited
        waits for a call that never comes;sits alone on the birthday;watches the train leave with the {family}
        cannot bear the loss|3;is sick for home;has nobody left|3;sobs into the pillow|3;chokes back tears
        voice breaks at the funeral|3;swallows the tears;fights back the tears;the heart is heavy
        feels the heart break|3
        is down in the dumps;has the blues|1;is at the end of hope|3;looks back with regret;lets the shoulders hang
        stares into the rain;hugs the coat of a dead friend|3;failed the last exam;dropped out of the team|1
        lost the baby|3;ran over the neighbour's {animal} by accident;lost everything to the flood|3
        tells of the years of loneliness;says there is no point any more|3;mourns a lost love;cries over spilt dreams
        is bereaved and exhausted;is left behind;misses the mother;speaks with a lump in the throat
        gives the eulogy;cannot get over it;grieves in silence;sees the ward where he died;has lost all joy
        remembers better days;feels blue;feels numb with grief|3;buries a friend|3;lost a leg in the war|3""",
    "surprised": """finds a stranger in the kitchen;opens the door and everyone shouts;discovers a hidden room
        is told of a twin brother|3;gets a call from the king;sees snow in July;learns the secret at last
        sees the price;finds the wallet again;meets the boss at the beach;wins without expecting it
        jaw hits the floor|3;jaw drops|3;does a double take;gasps at the sight;stops dead and stares
        could be knocked over with a feather|3;cannot believe the eyes|3;cannot believe the ears|3;blinks twice
        is caught off guard;did not see that coming;hears the plot twist;turns round at a sudden noise
        finds out the two know each other;sees a ghost town full of people;is lost for words|3;raises both eyebrows
        finds a piano in the garden;bumps into an old friend far from home;gets a present for no reason
        reads the unexpected answer;realises it was the butler;learns that the old man is a millionaire|3
        sees a magician vanish;watches the card trick;hears a cat speak;is handed the keys of a new car|3
        is promoted out of nowhere|3;sees the dead plant bloom;is left with the mouth open|3;freezes with wide eyes
        notices that the statue moved;gets the news out of the blue;sees how much the child has grown""",
    "fear": """hears footsteps behind in the dark;the plane starts to drop|3;the lift gets stuck
        the car skids on ice|3
        sees the shark fin|3;waits for the test results;has to speak before a thousand people;gulps
        steps back from the growling dog;hides under the bed|3;begs for mercy|3;runs for dear life|3;holds the breath
        dreads the exam;wakes from a nightmare;hears a scream in the night;is followed by a van;stands at the edge
        knees are knocking;teeth are chattering with fright;hair stands on end;blood runs cold|3;has cold feet|1
        has butterflies in the stomach|1;jumps at every sound;whispers that someone is in the house|3
        sees the water rise|3;smells smoke|3;the ground starts to shake|3;lost the child in the crowd|3
        is about to be operated on;checks the lock again and again|1;pleads not to be hurt|3;stammers before the gun|3
        dares not look down;is scared of the needle;panics in the tunnel|3;breaks out in a cold sweat|3
        thinks the end has come|3;worries about the children;expects the worst;cannot sleep for worry|1
        is terrified of spiders|3;hesitates at the dark cellar;prays in the storm;is on the run|3;sees the knife|3
        trembles at the thought;freezes in the headlights|3;clings to the rope|3;fears for the job|1""",
    "disgusted": """bites into a mouldy apple;finds a hair in the soup;steps in something wet and warm;smells the bin
        opens the old lunch box;sees maggots in the meat|3;drinks sour milk;holds the nose;gags at the smell|3
        cleans up after the sick dog;watches someone pick their nose;finds a rat in the cellar;licks a dirty spoon
        touches the sticky seat;sees the blocked drain;is served raw liver;smells rotten eggs;spits it out
        makes a face at the medicine|1;turns away from the vomit|3;finds a cockroach in the bread|3
        shudders at the slime
        cannot look at the wound;feels queasy at the sight of worms;pushes the plate away;wants to wash the hands
        sits beside unwashed feet;sees the filthy toilet|3;swallows a fly|3;retches over the sink|3;finds toenails
        smells sweat on the bus;scrapes gum off the shoe;the stomach turns|3;says it tastes like dirt
        pulls a clump of hair from the drain;watches him chew with an open mouth;discovers green fur on the cheese
        is grossed out by the film|1;cannot stomach the smell;sees lice;empties the bucket of fish guts|3""",
    "angry": """slams the phone down;slams the door|3;kicks the chair;bangs the table with the fist|3
        tears up the contract
        shouts at the referee|3;bawls out the team|3;was lied to again;has had enough|3;sees red|3;hits the roof|3
        blows a fuse|3;loses the temper;the blood boils|3;is fit to be tied|3;is at the end of the patience
        finds the car scratched;catches the thief;was cheated out of the money;argues with the landlord
        snaps at the children;yells at the driver ahead|3;demands to see the manager;threatens to sue
        cannot stand the noise any more;told them a thousand times;is cut off in traffic;was passed over again
        glares at the rude waiter;grits the teeth;clenches the fists;spits out the words;throws the plate|3
        is being disrespected;was betrayed by a friend|3;rants about the government;curses the computer
        tells the neighbours to turn it down;orders him out of the house|3;gives a piece of the mind
        swears at the printer
        is hopping mad|3;has steam coming out of the ears|3;goes ballistic|3;quarrels over money;barks an order
        scolds the boy for breaking the window;takes it out on the {animal};hates being kept waiting|1
        insists on an apology;rages against the unfair judge|3;complains bitterly about the service|1""",
    "contempt": """treats the servant like dirt;looks down the nose at them;talks to them like to small children
        rolls the eyes at the question;scoffs at the offer;snorts at the cheap suit;sneers at the loser|3
        laughs at their pathetic attempt;speaks to a beggar like a duchess;looks at them as if they were insects|3
        thinks everyone else is stupid;gives a slow mocking clap;dismisses the newcomer with a wave
        says a child could do better;calls the work amateurish;turns up the nose;is not impressed by the little man
        mocks the accent;smirks at the rival's failure;has no respect for the weak|3;belittles the colleague
        considers them beneath notice|3;talks down to the waiter;ridicules the poem;lets them feel how small they are
        raises one corner of the mouth;answers with icy scorn|3;pities the fool;finds it laughable
        despises cowards|3;will not even shake the hand;speaks with a superior smile;yawns at their best effort|1
        makes fun of the simple folk;thinks the prize was undeserved|1;puts the upstart in his place
        sniffs at the cheap wine|1;tells them they will never amount to anything|3;regards the crowd with a sneer""",
}

QUOTES = {
    "neutral": """the form has three pages;room twelve is upstairs;it opens at nine;she lives on the second floor
        the file is in the folder;there are four seasons;turn it clockwise;the total is twenty euros
        we have two sizes;press the green button;it weighs about a kilo;the bus stops here;bring your passport
        my name is on the list;it is half past two;the report covers last year;he took the earlier train
        the recipe needs two eggs;I usually have tea;the shelf is one metre wide;that is correct""",
    "happy": """it finally worked;he said yes|3;she said yes|3;they are all safe|3;you made my day;I passed;we won|3
        look at that rainbow;I've never laughed so much|3;what a party;the baby smiled at me;summer is here
        you are the best;this is delicious;I got the part|3;what a gorgeous day;come here, give me a hug
        our team is going to the final|3;I love you so much|3;we are going to be parents|3;great to have you back
        thank heaven, you are alive|3;best day of my life|3;nothing can spoil my mood""",
    "sad": """I will never see them again|3;he is gone|3;it's over between us;why did it have to be her|3
        nobody came;I miss home;I have nothing left|3;it will never be the same;I failed them all
        they took our {animal} away;I let everyone down;there's no one to talk to;I wish you were still here
        I just want to cry;it hurts so much|3;she didn't make it|3;my heart is broken|3;I can't go on|3
        I should have been there;all my friends moved away;what's the use;leave me alone, I want to weep""",
    "surprised": """hang on, you know each other;wait, what|3;no way|3;you did what|3;since when;is that really you
        who put that there;I had no idea;well I never;you're kidding|3;that can't be right;what on earth
        oh, I didn't expect you;how did you do that;seriously;it's gone;look, it moved;you're pregnant|3
        goodness, already;I won, I actually won|3;where did that come from;did you just say a million|3""",
    "fear": """someone is in the house|3;don't leave me here|3;did you hear that;please don't hurt me|3
        it's coming closer|3
        I can't breathe|3;what if it breaks;run|3;we are going to die|3;stay away from me|3;I have a bad feeling|1
        call the police|3;it's behind you|3;I don't want to go in there;help me, please|3;what was that noise
        we're lost;the rope is slipping|3;I'm so nervous;keep quiet or they will find us|3;watch out|3
        oh no, not the dog""",
    "disgusted": """ew|3;yuck|3;that's gross|3;it smells like a sewer;get that away from me
        I think I'm going to be sick|3
        this is rotten;there's a worm in it|3;don't touch that, it's filthy;it's all slimy;who would eat that
        that stinks;I can't even look at it;what is that awful smell;phew;ugh, it's sticky;spit it out
        you want me to eat this;that is the most revolting thing I ever saw|3""",
    "angry": """how dare you|3;get out|3;I told you to knock;I've had it|3;shut up|3;this is outrageous|3
        don't touch my things
        you lied to me|3;who broke it;stop that right now|3;that's the last straw|3;I want my money back;you idiot|3
        don't you ever do that again|3;I'm sick of your excuses;leave me alone, damn it|3;enough is enough|3
        it's always the same with you;you had one job;what do you think you're doing;give it back""",
    "contempt": """how precious, they think they can win;is that all you've got;you call that cooking
        how quaint;poor little thing
        you people;I expected nothing better;what a pathetic excuse|3;amateurs;don't make me laugh;oh please
        some of us have standards;you wouldn't understand;bless your simple heart;he couldn't win against a snail
        how adorable, it can read;I don't talk to the staff;they are not worth my time|3;what a loser|3;peasants|3""",
}
