"""Rigs: the open head, ICT-FaceKit and anyone's own GLB, as meshes with ARKit's named shapes."""
