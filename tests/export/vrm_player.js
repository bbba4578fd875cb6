// Plays a file as three-vrm's users do and tells what is seen; FILES and TIMES are filled in by the test.

import * as THREE from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { VRMLoaderPlugin } from "@pixiv/three-vrm";
import { VRMAnimationLoaderPlugin, VRMLookAtQuaternionProxy, createVRMAnimationClip } from "@pixiv/three-vrm-animation";

const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));

async function load(base64) {
  const loader = new GLTFLoader();
  loader.register((parser) => new VRMLoaderPlugin(parser));
  loader.register((parser) => new VRMAnimationLoaderPlugin(parser));
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return loader.parseAsync(bytes.buffer, "");
}

function influences(vrm) {
  const found = {};
  vrm.scene.traverse((mesh) => {
    if (!mesh.morphTargetDictionary) return;
    for (const [name, place] of Object.entries(mesh.morphTargetDictionary)) {
      (found[name] ||= []).push(mesh.morphTargetInfluences[place]);
    }
  });
  return found;
}

function eyes(vrm) {
  return ["leftEye", "rightEye"].map((bone) => {
    const forward = new THREE.Vector3(0, 0, 1);
    return forward.applyQuaternion(vrm.humanoid.getRawBoneNode(bone).quaternion).toArray();
  });
}

async function run(files, times) {
  const avatar = await load(files.avatar);
  const { vrm } = avatar.userData;
  const motion = files.motion ? await load(files.motion) : avatar;
  const clips = { plain: avatar.animations.at(-1), vrm: null };
  if (vrm.lookAt) {
    const proxy = new VRMLookAtQuaternionProxy(vrm.lookAt);
    proxy.name = "gazeProxy";
    vrm.scene.add(proxy);
  }
  const animation = (motion.userData.vrmAnimations || []).at(-1);
  clips.vrm = animation && createVRMAnimationClip(animation, vrm);
  const seen = { meta: vrm.meta.metaVersion, tracks: clips.vrm && clips.vrm.tracks.map((track) => track.name) };
  for (const [kind, clip] of Object.entries(clips)) {
    if (!clip) continue;
    const mixer = new THREE.AnimationMixer(vrm.scene);
    const action = mixer.clipAction(clip).setLoop(THREE.LoopOnce);
    action.clampWhenFinished = true;
    action.play();
    seen[kind] = times.map((time) => {
      mixer.setTime(time);
      const before = influences(vrm);
      vrm.update(1 / 60);
      return { before, after: influences(vrm), yaw: vrm.lookAt.yaw, pitch: vrm.lookAt.pitch, eyes: eyes(vrm) };
    });
    mixer.stopAllAction();
    vrm.expressionManager.resetValues();
    vrm.update(1 / 60);
  }
  return { ...seen, warnings };
}

run(FILES, TIMES)
  .catch((error) => ({ error: String(error && error.stack) }))
  .then((found) => { document.body.textContent = `FOUND${JSON.stringify(found)}END`; });
