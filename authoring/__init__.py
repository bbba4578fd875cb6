"""The open head, authored in code: ``python -m authoring`` writes ``open_head.npz``; needs scipy.

The skin's shape is a signed distance (:mod:`.skin`); eyes, mouth and ears are structured patches of edge loops laid
on it, the rest is filled with a graded point set and triangulated (:mod:`.mesh`). Shapes are displacement fields on
that mesh. While authoring, lengths are centimetres, the eyes are at y = 0, z points forward and +x is the head's own
left; the file is in metres.
"""
