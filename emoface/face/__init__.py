"""The face: motion layout, ARKit view and the procedural life of eyes and lids."""
