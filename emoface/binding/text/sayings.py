"""Sayings that tell a feeling in other words than its own, and the plain words that stand for them.

The prompt network has not learnt these: it reads a prompt with the plain words in their place. The idioms that it has
learnt stand in ``lexicon``, from which the training grammar draws them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

# Entries are parted by ";" and end in their level. A slot is a word or alternatives parted by "|", in which "_" joins
# words; "*see" is a verb in any of its forms, "~" a possessive, "@" somebody, "$" himself and the like; a slot that
# ends in "?" may be missing.
_SAYINGS = {
    "neutral": """
        poker face:2; straight face:2; stone cold:2; *take ~|it|things everything? in ~? stride:2; *keep ~
        cool|calm|composure:2; *keep a level|even|cool head|tone|voice:2; like a robot|machine|newsreader:2;
        zero|little|no emotion|emotions|feeling|feelings:2; just|only the facts:2; as_if|as_though *read a|the
        list:2; like *read a|the list|manual|phonebook:2; nothing in ~ face *move:2; business_like:2; not a
        flicker:2; without any|much? emotion|emotions|feeling|feelings:2; without_a trace|hint of
        emotion|feeling:2; *leave @ cold:2; neither *smile nor *frown:2; *go through the motions:2""",
    "happy": """
        walking|floating on air|sunshine|clouds:3; in hog? heaven|clover:3; happy as larry:3; on a high:3; head
        over heels in_love?:3; tickled to death|pieces|bits:3; thrilled to death|bits|pieces:3; chuffed
        to_bits?:3; *smile|*grin|*beam from ear to ear:3; *smile|*grin like a|an
        cheshire_cat|idiot|fool|child|loon:3; *jump|*dance|*leap|*whoop|*shriek for|with|around_with
        joy|delight|happiness:3; stoked:3; psyched:3; buzzing:2; pumped up|for|about:3; made up about|with:2;
        *crack|*split ~ sides:3; *crack @ up:2; cracking|cracks|cracked up:2; *roll on|around the|on_the floor
        laughing?:3; lol:2; rofl|lmao:3; *laugh until|till_he|till_she:3; *laugh ~ head|socks|guts off|out:3;
        dream|dreams *come true:3; a weight|load off ~ mind|shoulders|chest|back:1; *breathe|*heave a sigh of
        relief:1; thank god|heaven|heavens|goodness:1; *have the time of ~ life:3; *have a
        good|great|fantastic|wonderful|whale_of_a time|laugh|day:2; like a dog with two tails:3; like a million
        dollars|bucks:3; as pleased|proud|happy as punch|can_be|anything|a_peacock|a_pig_in_mud:3; pleased with
        $:1; like all ~ birthdays|christmases at once:3; like the cat that|who *get the cream:2; *look forward
        to:2; can't|cannot wait to|for|until:2; *punch|*pump the|~ air|fist:3; *love every minute of_it?:2;
        in|with a good|great|excellent|best_of|sunny mood:2; life and soul of_the_party?:2; good|great news:2; a
        spring in ~ step:2; a twinkle in ~ eye|eyes:2; twinkling eyes:2; ~ eyes *twinkle|*sparkle|*shine:2; *win
        the lottery|gold|cup|jackpot|championship|prize:3; living ~|the|her|his? best|dream life?:3; never
        been|felt|looked|sounded|had_it happier|better|prouder|so_happy|so_good|so_alive:3;
        could_not|couldn't|can't|cannot be|get|feel|ask_for any?
        better|happier|prouder|more_pleased|more_happy|more_delighted:3; could_not|couldn't|can't|cannot
        stop|help laughing|smiling|grinning|giggling|singing|beaming|chuckling|whistling:3;
        could_not|couldn't|can't|cannot *wipe the|that|~ smile|grin off ~ face:3; over the rainbow:3; in
        raptures:3; with flying_colours|bells_on:2; on a roll:2; *paint the town red:3; full of
        the_joys_of_spring|life:2; all is well:1; in love with?:2; love is in the air:2; *light up
        like_a_christmas_tree?:2; happy_go_lucky|happy-go-lucky:2; high as a kite:3; high spirits:2; *jump up
        and down with? joy|excitement|glee:3; bright eyed|and_breezy:2""",
    "sad": """
        under the weather:1; *feel|*be|just|badly let down:2; out of sorts:1; down and out:2; down on ~ luck:2;
        in a bad|sad|dark|low place:2; *feel|*look|*sound a_bit|a_little|so|very|really? low|blue:2;
        at|*hit|*reach rock bottom:3; at ~|her|an all_time? lowest|lowest_ebb|low_ebb:3; a? lump in ~|the
        throat:2; a? heavy heart:2; heart *sink|*ache|*bleed|is_heavy|is_broken|is_breaking|is_aching:2; *break
        ~|my|the heart:2; heart in pieces:3; *cut @ to the quick|bone:2; *cut up about|over:2; cut to the
        quick:2; in tears|bits|pieces:3; close|near to tears:2; brink|verge|edge|point of
        tears|*cry|a_breakdown:2; moved|reduced to tears:2; tears *well|*fill|*come|*form|*glisten up?
        in|to|into? ~? eyes?:2; eyes *fill|*well|*brim|*swim with|up|up_with|in tears?:2; tears
        *stream|*run|*roll|*pour|*flow|*fall down? ~? cheeks|face|cheek?:3; *cry $ to sleep:3; *lose all?
        hope:3; *cry|*sob|*weep|*bawl ~ eyes|heart out:3; *sob|*weep|*cry
        uncontrollably|like_a_baby|inconsolably|bitterly:3; voice *break|*crack|*falter with|from
        tears|grief|sorrow|sadness:3; gutted:3; bummed out|about?:2; *choke up:2; ~ world|life|heart
        *fall|*fell|has_fallen|is_falling apart|to_pieces:3; weight of the world:2; light *go out of:2; the
        bottom *drop|*fall out:3; broken by grief|sorrow|loss:3; a|an broken|aching|heavy heart|man|woman:3;
        *miss ~ mother|mum|mom|father|dad|home|family|friend|friends|wife|husband|dog|cat:2; wants|want|wanted
        to cry:2; ready|about to cry|weep|*burst_into_tears:2; *feel|*look like crying|weeping:2; *break down
        in|and|crying tears|*cry?:3; down in the mouth|dumps:2; in the doldrums|pits|dumps:2; *feel sorry for:2;
        *lose the will to_live?:3; in mourning:2; in low|poor spirits:2; at|by a|the|her|his|~
        funeral|graveside|wake|grave|deathbed|tomb:2; in a funk|slump:2; could_not|couldn't be|feel
        sadder|more_sad|lower|worse|more_miserable|more_depressed:3; world of pain:2; never been|felt|looked
        sadder|lower|worse|so_sad|so_alone|so_low|more_alone|more_miserable:3; all alone in_the_world?:2; all
        hope is? gone|lost:3; with hangdog|puppy_dog|doleful eyes|look|expression:1; sob story:2; there is|are
        no|nothing hope|to_live_for:3; *hang ~ head:2; *pine for:2; *wear ~ heart:1; *rain on ~ parade:2; a
        sinking feeling:2; with a|the sinking heart:2; *drown ~ sorrows:2; *wallow in
        self_pity|self-pity|grief|misery:2; *lick ~ wounds:1; *cry over:2; *mourn for?:2; *pour ~ heart out:2;
        the blues:2; down at heart:2; cut up:2""",
    "surprised": """
        bolt from the blue:3; out of nowhere|left_field:2; out of the blue:2; *catch|*take off|by|@_off|@_by
        guard|surprise|~_guard:2; jaw|jaws|chin *drop|*hit|*fall|on|is_on to|open|down? the? floor|ground?:3;
        jaw_dropping|jaw-dropping:3; *pick ~ jaw:3; eyes|eye out? on stalks:3; eyes *pop|*bulge out? of? ~?
        head|sockets?:3; eyes as? big|wide|large|round|like as|like? saucers|plates|dinner_plates:3;
        never|could_never|would_never|would_not|wouldn't have?
        expected|guessed|thought|believed|dreamt|dreamed|imagined:3;
        did_not|didn't|never|nobody|had_not|hadn't|no_one see|saw|seen|expect|expected that|it|this|@
        coming|here|there?:3; was_not|wasn't expecting|prepared_for|ready_for that|this|it|@:2;
        cannot|can't|could_not|couldn't|hardly|barely|scarcely believe
        it|this|that|what|how|~_eyes|~_ears|~_luck|he|she|they:3; not believe|believing ~|what|what_he|what_she
        eyes|ears|sees|hears|luck:3; *do a|the double take|double-take|_take:2; blown away:3; *blow @|~|my
        mind|away:3; mind is|has_been|was|being? blown:3; mind_blowing|mind-blowing:3; bowled|knocked
        over|for_six|sideways|flat:3; floored:3; *sweep|swept @? off ~ feet:2; *knock ~|@ socks off:3;
        *knock|*blow @ sideways|away|for_six:3; lost|stuck for words:2; at a loss for_words?:2; at a loss:2;
        you|say what:2; wait|hang_on|hold_on what|a_minute|a_second:2; wow|whoa|woah:2; oh? my
        god|gosh|goodness|word:2; omg:2; no way|kidding:2; what the|on hell|heck|fuck|earth:2; wtf:2; good|great
        heavens|lord|scott:2; well i'll be damned:3; blimey|crikey|gosh|golly|jeepers:2; holy
        shit|crap|smoke|mackerel|smokes|cow|moly:3; are you kidding|serious|joking me?:2; *pinch @ i_must?:2;
        *rub ~ eyes in_disbelief?:2; bombshell:3; like a bombshell|thunderbolt|bolt|ton_of_bricks:3; *stop dead
        in_~_tracks?:2; *stop|stopped in ~ tracks:2; struck|left speechless|dumb|open_mouthed|open-mouthed:3;
        *hear|*see for the first time:1; *make @ jump|gasp:2; news to me|him|her|them:2; as|come|came|comes a|an
        complete|total|utter|big|huge? surprise|shock:3; shell_shocked|shell-shocked:3; who|what would have
        thought|guessed|believed:3; who knew:1; knock me|~ down|over with a feather:3; have you ever:1; well
        well well:1; *spring a surprise:2; at a|the surprise party:2; *fall off ~ chair|seat|stool:3;
        nearly|almost *fall over|off:2; eyebrows|brows *shoot|*fly up:3""",
    "fear": """
        heart is|was|leaps|jumped? in|into ~|the? mouth|throat|boots:3; heart *skip|*miss a beat:2;
        *pound|*race|*hammer|*thump|*beating|pounding|racing heart:2; heart *pound|*race|*hammer|*thump:2; as?
        white|pale as a? ghost|sheet|chalk|death:3; white|pale|ashen with fear|fright|terror:3; *see|seen|saw
        a|the ghost:3; scared|frightened|terrified|worried|spooked to death|bits|pieces:3;
        scared|frightened|worried|bored_to_fear stiff|witless|silly|shitless|rigid:3;
        scared|frightened|terrified out of ~ wits|mind|skin:3; *scare|*frighten the|@|~ living?
        daylights|wits|life|hell|pants|crap|shit|bejesus|to_death|stiff|off|out out|out_of?:3; *fear for ~
        life|lives|safety:3; *fear|*expect|*dread the worst:2; *sweat bullets|buckets:2; a cold sweat:2; cold
        sweats|sweat:2; weak at|in the knees:2; ~ knees *knock|*shake|*tremble|*buckle|*go|are
        weak|to_jelly|like_jelly|with_fear?:2; legs *turn|are|feel|felt|like to|like? jelly:2;
        *shake|*quake|*tremble|*shiver|*quiver in|like|with ~|a|an|fear|fright|dread
        boots|shoes|leaf|aspen_leaf?:3; *shake|*tremble all over:2; a|an nervous|bag|bundle wreck|of_nerves:2;
        nervous wreck:2; bag|bundle of nerves:2; *chicken|*bottle|*wimp it? out:1; *get cold feet:1; cold
        feet:1; *get|*give|*have the|@ the? jitters|willies|heebie_jeebies|creeps|shivers|collywobbles:2;
        butterflies in|fluttering_in ~|the stomach|tummy|belly:1; *freak|*creep|*wig|*spook|*weird out|@_out:2;
        on tenterhooks|pins_and_needles|thin_ice|edge:2; on the edge|tip of ~ seat:2; *bite|*chew|*gnaw ~
        nails|fingernails:2; walking|walks|walk|treading on eggshells|thin_ice:1; like|caught
        a|in|rabbit|like_a? the? rabbit|deer|headlights in|caught_in? the? headlights?:3; like a
        hunted|cornered|trapped|frightened|scared animal|rabbit|mouse|deer|child:3; blood *run|*freeze|*turn|*go
        cold|to_ice|to_water:3; *send chills|shivers|shiver|a_chill down|up ~ spine:2;
        chills|shivers|shiver|shudder|a_chill *run? down|up ~ spine|back:2; hair|hairs *stand|on up? on? ~?
        end|the_back_of_~_neck:2; *make|*give ~|@ skin|flesh|goosebumps|goose_bumps|shudder
        *crawl|*creep|the_creeps?:2; *jump at|out_of every|~|his sound|noise|shadow|skin|own_shadow:2;
        afraid|scared|frightened of ~ own? shadow:2; *freeze|rooted|glued to|with|in|on the?
        spot|fear|terror|horror:3; paralysed|paralyzed|petrified|frozen|numb|stiff|rigid with|by
        fear|terror|fright|dread|panic:3; *hide under|behind|from|in the|a|~
        bed|sofa|table|covers|blanket|monster|cupboard|killer:2; *run|*flee|*scream for ~ life|lives|help:3;
        *beg|*plead|*pray for mercy|~_life|help:3; in mortal|grave danger|peril:3; in fear of ~ life:3;
        *wet|*soil ~ pants|$:3; sick|ill|mad with worry|fear|anxiety|dread:2; worried sick:2; *worry $ sick:3;
        stage fright:2; *dread what|the|every|each|going:2; *be|is|are somebody|anybody|anyone|someone there:2;
        chased|followed|stalked|hunted by? a|an? wolf|wolves|bear|killer|lion|dog|monster|stranger|murderer:3;
        never been|felt so|more scared|afraid|frightened|terrified|nervous:3; could_not|couldn't be|get more
        scared|frightened|terrified|afraid|nervous:3; *lose ~ nerve|bottle:2; fight or flight:2; ~ stomach
        *drop|is|are in? knots?:2; stomach in knots:2; *hold ~ breath:2; ~ life *flash:3; *brace $ for:2; like a
        scaredy_cat:2; scaredy cat:2; scaredy-cat:2; eyes *dart around|about:1; voice *shake|*tremble|*quaver:1;
        *cower in|behind|under:3""",
    "disgusted": """
        grossed|skeeved|icked out:2; *gross @ out:2; sick to ~ stomach:3; sick in ~ mouth:3; *throw up in? ~?
        mouth?:3; *turn|*churn ~|the|my stomach|stomachs|guts:3; *make ~|my stomach|insides turn|churn|heave:3;
        ~ stomach *turn|*churn|*heave:3; cannot|can't|could_not|couldn't stand|bear|stomach|take|abide
        the|this|that|it smell|stench|stink|sight|taste:2; *make ~ toes|nose|face curl|wrinkle:2;
        want|wants|wanted|going|about|need to vomit|puke|retch|throw_up|be_sick|barf|hurl|gag:3; *feel like
        vomiting|puking|throwing_up|retching|being_sick|gagging:3; *hold|*fight|*choke|*swallow back|down? the?
        vomit|bile|sick|retch:3; try|tries|trying not to vomit|gag|retch|puke|throw_up|be_sick:3; *leave|*have
        a|an bad|nasty|foul|sour taste in? ~|the? mouth?:1; *smell|*taste|*sniff|*eat|*bite|*see|*touch
        something|into_something|on_something so?
        foul|rotten|disgusting|bad|awful|vile|nasty|off|sour|mouldy|moldy|slimy:2;
        *smell|*taste|*find|*eat|*drink|*sniff|*of rotten|bad|raw|mouldy|moldy|sour eggs|meat|fish|milk|food:2;
        a? rotten|bad eggs:2; bad|foul|awful|horrible|nasty|terrible|disgusting|putrid
        smell|odour|odor|stench|stink|taste:2; *bite|*suck into|on? a|an|the? lemon|lemons:2;
        that's|that_is|this_is|it's|it_is|how|so|totally|really|just
        gross|disgusting|revolting|vile|foul|icky|rank|repulsive:2;
        ew|eww|ewww|yuk|yuck|ick|bleh|blergh|pew|ugh:2; a|an hair|fly|maggot|cockroach|worm|slug|rat|spider
        in|on ~ soup|food|salad|meal|plate|sandwich|apple|drink:2; wouldn't|would_not|will_not|won't touch
        it|that|@ with a ten_foot? bargepole|barge_pole|pole:2; *put @ off ~|the|her?
        food|eating|lunch|dinner:2; *step|*tread|*slip in|on dog|cat|the? mess|poo|vomit|dung|shit|puke:2;
        like|as_if|as_though something crawled|died:2; *hold|*pinch ~ nose:2; *recoil|*recoils|*turn|*shrink
        away_in|in disgust|revulsion|distaste:3; could_not|couldn't be more disgusted|revolted|repulsed:3; never
        been|seen|smelt|smelled|tasted so|more|anything_so|anything disgusted|disgusting|revolting|foul:3""",
    "angry": """
        fed up:2; fed to the back? teeth:2; sick|tired|weary of all?
        it|this|that|you|@|~|the|these|everything|lies|excuses:2; sick|tired|weary of
        waiting|being|hearing|arguing|fighting|listening|hearing|having:2; sick and tired of?:2; sick to death
        of:3; *have had? enough of:2; *have|had it? up to here:3; enough is enough:2; *had|had it with:2;
        the|that's|that_is last|final|the_last straw:2; *lose
        it|~_rag|~_shit|~_temper|~_cool|~_patience|patience|~_head:3; *blow|*flip|*pop a|the|up|~|his|her
        lid|gasket|fuse|top|stack|cork|wig:3; *flip out:2; *hit|*go|*raise through? the roof|ceiling:3; *go up?
        the? ballistic|berserk|mental|nuts|ape|postal|bananas|spare|off_the_deep_end|mad|wall:3; *see red:3;
        *make ~ blood boil:3; ~ blood boils|boiling|boiled|is_boiling|was_boiling:3;
        *boil|*seethe|*fume|*burn|*bristle|*erupt with|over|inside|inwardly|in rage|anger|fury|mad?:3;
        at|near|*reach boiling point:3; boiling mad|over|inside|point:3; ready|going|fit to
        explode|erupt|blow|snap|burst|boil_over:3; about to explode|snap|blow_up|lose_it:3; *foam|*froth at the
        mouth:3; smoke|steam *come|*pour|out out? of? ~? ears|nose:3; *breathe|*spit
        fire|blood|feathers|venom|nails|bullets|tacks:3; hopping|spitting|raving|barking|fighting mad:3; mad as
        hell:3; on the warpath:3; out for blood|revenge:3; like a bear with? a|the sore head:2; like a red rag
        to_a_bull?:3; like a|an angry|raging|mad|charging bull|lion|wasp|hornet|dog|beast|bear:3; up the wall:2;
        *drive @ mad|crazy|nuts|bananas|insane|up_the_wall|bonkers|round_the_bend:2; *get|*grate|*tread on ~
        nerves|tits|wick|toes:2; *get under ~ skin:2; *get ~ goat|back_up|hackles_up:2; ~ hackles *rise|up:2;
        *rub @ up? the wrong way:2; *push ~ buttons:2; in|of a|an?
        foul|bad|black|filthy|vile|stinking|terrible|nasty|rotten|awful mood|temper:2; *throw|*have a|an temper?
        tantrum|fit|wobbly|strop|hissy_fit:3; bent out of shape:2; all? worked|riled up:2; hot under the
        collar:2; hot|quick|short|bad|ill|foul tempered|temper:2;
        *piss|*tick|*cheese|*brass|*brown|*hack|*tee|*pee off|@_off:2; hacked|pee'd|teed off:2; ticked:2;
        narked|ratty|stroppy|shirty|tetchy|cheesed|hangry|raging|mardy:2; want|wants|wanted|going|ready to
        punch|hit|kill|strangle|throttle|slap|smash|fight|break|hurt @|something|things|the|a|~:3; could|would
        kill|strangle|murder|throttle|slap @:3; looks that? could kill:3; *look daggers at?:3; *give @ a|the|an
        dirty|death|evil look|stare|glare|eye|eyes:2; *bite|*snap ~|@|at|my head|heads|@ off?:2; at each|one
        other's|another's throats:3; *bang|*slam|*pound|*thump|*hit ~|the|a|on|on_the
        fist|fists|table|door|desk|phone|wall:3; *clench|*shake|*ball ~ fist|fists|jaw:3; clenched fists:3;
        *grit|*gnash|*grind ~ teeth:2; *raise ~ voice:2; how dare you|he|she|they:3; *get out of my|here|~
        sight|house|face|way|now?:3; shut up:2; leave me alone:1; go to hell:3; damn you|it|them|him|her:2; a
        bone to pick:1; a chip on ~ shoulder:1; an axe to grind:1; up in arms:2; *raise|*give hell|@_hell:3;
        *give @ a piece|what of|for ~? mind?:2; *read the riot act:2; *tear strips|a_strip off @:3; *tear into
        @:3; *tear ~ hair out:2; end of ~ patience|tether|rope|fuse:2; ~? patience *wear|*run|is running?
        thin|out|short:2; *rage|*rant|*rail|*rave at|against|about|and_raves:3; *fly off the handle:3; *fly into
        a rage|temper|fury:3; never been|felt so|more|looked_so angry|furious|mad|livid|angrier|madder:3;
        could_not|couldn't be angrier|madder|more_angry|more_furious:3; *get|*have it in for:1; green with
        envy:2; *lash out at?:3; *bawl|*chew|*shout|*yell|*scream at|out @|~|the|referees?:3; *call for ~
        blood:3; thunder in|on ~ face|brow|voice:3; face like thunder:3; red in the face:2; *stamp|*stomp
        ~|her|off|out feet|foot?:2; *storm out|off:2; *throw ~ toys out:2; a short fuse:2; *cut up rough:2;
        not|isn't|is_not having|taking it|any|this|that crap|nonsense|of_it?:2; *cross|*have words:1; *pick a
        fight|quarrel:2; *see the red mist:3; red mist:3; ~ nostrils flare|flaring|flared:2; *fight mad:3; *turn
        on @ in_anger?:2; *hate ~ guts:3; *blow up at:3""",
    "contempt": """
        sly|lopsided|crooked|humourless|humorless|mirthless|cruel smile|laugh|smirk|grin:2; couldn't|could_not
        care less about?:1; doesn't|does_not|don't|didn't|not give a two?
        hoot|hoots|damn|fig|toss|fuck|shit|monkeys|rat's_ass:1; could care less:1; *turn|*stick|*thumb up? ~
        nose up? at?:2; ~? nose stuck? in|up the air:2; *look|*stare|*peer down ~|the|her|his nose:2;
        *look|*talk|*speak down on|to @|people|others|the|~|anyone|those?:2; full of $|it:2; too big for ~
        boots|britches:2; high and mighty:2; *think|*believe|*act|*consider|*behave as_if|as_though|like?
        he|she|they|he's|she's|they're|$ is|are|was|were? better|above|superior:2; better|above|smarter than?
        everyone|everybody|others|the_rest|everyone_else|them_all|you|them|all_this|such_things:2; beneath ~|@
        contempt|dignity|notice|him|her?:2; beneath $:2; *roll ~|the|her|his eyes:2; rolling|rolled|rolls
        eyes:2; eye|eyes roll|rolling|rolls:2; eye-roll|eye-rolling:2; *curl ~ lip:2; curled lip:2; whatever:1;
        talk to the hand:2; who cares:1; so what:1; big deal:1; what a
        loser|fool|clown|joke|idiot|moron|imbecile:2; you pathetic|stupid|miserable|poor?
        idiot|idiots|fool|moron|worm|loser|peasant|peasants:2; *talk|*speak to a|an idiot|imbecile|moron|fool:2;
        *treat|*talk|*speak to? @|others|the_waiter like|as_if|as
        dirt|idiots|an_idiot|children|a_child|a_servant|servants|fools|garbage|trash|rubbish:2; not|isn't|aren't
        even? worth ~|the|my|a time|effort|answer|reply|breath|spit|trouble|it:2; unworthy of @|~:2; *hold
        @|it|that in contempt|low_regard:2; no|zero|little respect for:2; nothing but contempt|scorn|disdain:3;
        an? air of superiority|arrogance|disdain:2; *laugh in ~ face:2; *make|*poke fun of|at:2; *take the
        piss|mick|mickey out_of?:2; tongue in cheek:1; *drip with sarcasm|irony|disdain|contempt|scorn:3; know
        it all:2; know-it-all:2; on ~ high horse:2; holier than thou:2; *give @ the cold shoulder:1; *see
        through ~ lies|excuses:1; is that all|it|the_best you|he|she|they? got|can_do?:2; oh please:2; yeah
        right|sure:1; oh really:1; give me a break:1; spare me the? details|excuses?:2; *look at @|it
        like|as|as_if|as_though @? something? @?
        dirt|vermin|an_insect|a_bug|they_were_dirt|the_cat_dragged_in|under_~_shoe|on_~_shoe:2;
        sniffily|snootily|haughtily:2; *write @ off:1; *sneer|*scoff|*snort|*smirk|*jeer at @|~|the:2""",
}  # fmt: skip

PLAIN: dict[str, tuple[str, str, str]] = {
    "neutral": ("calm", "calm and neutral", "calm and neutral"),
    "happy": ("slightly happy", "happy", "extremely happy"),
    "sad": ("slightly sad", "sad", "extremely sad"),
    "surprised": ("slightly surprised", "surprised", "extremely surprised"),
    "fear": ("slightly afraid", "afraid", "extremely afraid"),
    "disgusted": ("slightly disgusted", "disgusted", "extremely disgusted"),
    "angry": ("slightly angry", "angry", "extremely angry"),
    "contempt": ("slightly contemptuous", "contemptuous", "extremely contemptuous"),
}
"""What an emotion is called plainly at levels 1, 2 and 3."""

_IRREGULAR = {
    row.split()[0]: row.split()[1:]
    for row in """be is are was were being been, beat beating beaten, bite bit bitten biting, blow blew blown, break
        broke broken, catch caught, cling clung, come came coming, creep crept, cut cutting, do does did
        done doing, drink drank, drive drove driven, eat ate eaten, fall fell fallen, feel felt, fight
        fought, find found, flee fled, fly flew flown, freeze froze frozen, get got getting gotten, give
        gave given, go goes went gone, have has had having, hear heard, hide hid hidden, hit hitting, hold
        held, keep kept, leave left, lose lost, make made, put putting, read, rise rose, run ran running,
        see saw seen, send sent, shake shook shaken, shine shone, shoot shot, shrink shrank, sink sank sunk,
        smell smelt, speak spoke spoken, spit spat, split splitting, spring sprang, stand stood, stick
        stuck, swear swore, sweep swept, swim swam, take took taken, tear tore torn, think thought, throw
        threw thrown, tread trod, wear wore worn, weep wept, win won winning, write wrote written""".split(",")
}
_CLASSES = {
    "~": "my your his her their our its the one's someone's somebody's everyone's everybody's".split(),
    "@": "me you him her us them it someone somebody everyone everybody anyone people".split(),
    "$": "myself yourself himself herself themselves itself ourselves oneself".split(),
}


def forms(verb: str) -> list[str]:
    """A verb in all its forms; ``"lose"`` gives lose, loses, losing, lost, and the wrong losed, which harms nothing."""
    stem = verb.removesuffix("e")
    if re.search(r"^[^aeiou]*[aeiou][^aeiouwxy]$", verb):
        stem += verb[-1]  # one vowel before one consonant: grin, grinning
    base = verb[:-1] + "i" if re.search(r"[^aeiou]y$", verb) else verb
    third = base + ("es" if re.search(r"(i|s|sh|ch|x|o)$", base) else "s")
    past = base + "ed" if base != verb else stem + "ed"
    return [verb, third, stem + "ing", past, *_IRREGULAR.get(verb, [])]


def _choices(slot: str) -> list[str]:
    found: list[str] = []
    for choice in slot.removesuffix("?").split("|"):
        if choice.startswith("*"):
            found += forms(choice[1:])
        else:
            found += _CLASSES.get(choice, [choice])
    return found


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a template."""
    pattern, gap = "", ""
    for slot in template.split():
        words = "|".join(re.escape(choice).replace("_", r"[\s-]+") for choice in _choices(slot))
        words = words.replace("\\~", "~").replace("~", f"(?:{'|'.join(_CLASSES['~'])})")
        words = words.replace("@", f"(?:{'|'.join(_CLASSES['@'])})")
        if not gap and slot.endswith("?"):
            pattern += rf"(?:(?:{words})[\s-]+)?"
            continue
        pattern += rf"(?:{gap}(?:{words}))" + "?" * slot.endswith("?")
        gap = r"[\s-]+"
    return re.compile(rf"(?<![a-z'-]){pattern}(?![a-z'])")


@dataclass(frozen=True)
class Saying:
    """A saying: its ``template``, what it tells, how strongly (1 to 3), and the first words of the needed slots."""

    template: str
    emotion: str
    level: int
    needed: tuple[frozenset[str], ...]


@cache
def sayings() -> tuple[Saying, ...]:
    """All sayings."""
    found = []
    for emotion, entries in _SAYINGS.items():
        for entry in entries.split(";"):
            template, level = " ".join(entry.split())[:-2], int(entry.strip()[-1])
            slots = [_choices(slot) for slot in template.split() if not slot.endswith("?")]
            needed = [{first for choice in slot for first in _first_words(choice)} for slot in slots]
            found.append(Saying(template, emotion, level, tuple(map(frozenset, needed))))
    return tuple(found)


def _first_words(choice: str) -> list[str]:
    first = re.split("[_-]", choice)[0]
    return _CLASSES.get(first, [first])


def find_sayings(plain: str) -> list[tuple[int, int, Saying]]:
    """The sayings of a prompt.

    Args:
        plain: a prompt in lower case with single spaces and straight apostrophes.

    Returns:
        (start, end, saying) of those that do not overlap, the longest first.
    """
    words = set(re.findall(r"[a-z']+", plain))
    here = [saying for saying in sayings() if all(not words.isdisjoint(slot) for slot in saying.needed)]
    matches = [(match, saying) for saying in here for match in _pattern(saying.template).finditer(plain)]
    found: list[tuple[int, int, Saying]] = []
    for match, saying in sorted(matches, key=lambda one: one[0].start() - one[0].end()):
        if all(match.end() <= start or match.start() >= end for start, end, _ in found):
            found.append((*match.span(), saying))
    return found
