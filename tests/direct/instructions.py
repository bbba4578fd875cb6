"""Sixty instructions in plain words and what each must do, written before the parser was.

A line: the words, the shapes that must move (``!`` before one that must not), and turns of the head as ``pitch+`` (chin
down), ``yaw+`` (to the speaker's left), ``roll+`` (crown to the speaker's right); a cue stands as ``cue:blink``.
"""

INSTRUCTIONS = """
raise the left eyebrow | browOuterUpLeft !browOuterUpRight !browDownLeft
raise both eyebrows | browOuterUpLeft browOuterUpRight browInnerUp
raise your inner brows | browInnerUp !browOuterUpLeft
lift the right brow | browOuterUpRight !browOuterUpLeft
lower the brows | browDownLeft browDownRight !browInnerUp
frown | browDownLeft browDownRight
furrow your brow | browDownLeft browDownRight
knit the eyebrows | browDownLeft browDownRight
worried brows | browInnerUp
wink with the right eye | eyeBlinkRight !eyeBlinkLeft
wink | eyeBlinkLeft !eyeBlinkRight
close your eyes | eyeBlinkLeft eyeBlinkRight
shut the left eye | eyeBlinkLeft !eyeBlinkRight
open the eyes wide | eyeWideLeft eyeWideRight !eyeBlinkLeft
widen your eyes | eyeWideLeft eyeWideRight
squint | eyeSquintLeft eyeSquintRight
narrow the eyes | eyeSquintLeft eyeSquintRight
look up | eyeLookUpLeft eyeLookUpRight !eyeLookDownLeft
look down | eyeLookDownLeft eyeLookDownRight
look to the left | eyeLookOutLeft eyeLookInRight
look right | eyeLookOutRight eyeLookInLeft
roll your eyes | eyeLookUpLeft eyeLookUpRight
blink | cue:blink
blink twice | cue:blink
smile | mouthSmileLeft mouthSmileRight
smile without teeth | mouthSmileLeft mouthSmileRight !mouthUpperUpLeft !jaw_pose_x
smile with teeth | mouthSmileLeft mouthSmileRight mouthUpperUpLeft mouthUpperUpRight
give a broad grin | mouthSmileLeft mouthSmileRight mouthUpperUpLeft
smirk | mouthSmileLeft !mouthSmileRight
smirk on the right side | mouthSmileRight !mouthSmileLeft
forced smile | mouthSmileLeft mouthSmileRight !cheekSquintLeft
genuine smile | mouthSmileLeft mouthSmileRight cheekSquintLeft cheekSquintRight
pull the corners of the mouth down | mouthFrownLeft mouthFrownRight !mouthSmileLeft
pout | mouthShrugLower mouthPucker
pucker the lips | mouthPucker
purse your lips | mouthPucker
kiss | mouthPucker
bite the lower lip | mouthRollLower mouthUpperUpLeft
press the lips together | mouthPressLeft mouthPressRight
tighten the lips | mouthPressLeft mouthPressRight
suck in the lips | mouthRollLower mouthRollUpper
stretch the mouth | mouthStretchLeft mouthStretchRight
show the lower teeth | mouthLowerDownLeft mouthLowerDownRight
raise the upper lip | mouthUpperUpLeft mouthUpperUpRight
open the mouth | jaw_pose_x
drop your jaw | jaw_pose_x
open your mouth slightly | jaw_pose_x
push the jaw forward | jawForward
move the jaw to the right | jaw_pose_y
stick out your tongue | tongueOut
puff out the cheeks | cheekPuff
raise the cheeks | cheekSquintLeft cheekSquintRight
wrinkle your nose | noseSneerLeft noseSneerRight
sneer on the left | noseSneerLeft !noseSneerRight
dimple the left cheek | mouthDimpleLeft !mouthDimpleRight
raise the chin | mouthShrugLower
tilt the head to the right | roll+
turn the head left | yaw+
nod | cue:nod
shake your head | cue:shake
"""

NAMING_NOTHING = ("wiggle the ears", "levitate", "qwzrt", "compute the eigenvalues", "")


def rows() -> list[tuple[str, list[str]]]:
    """(words, what must happen) of every instruction."""
    lines = [line.split("|") for line in INSTRUCTIONS.strip().splitlines()]
    return [(words.strip(), wanted.split()) for words, wanted in lines]
