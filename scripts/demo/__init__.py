"""The demo: the main job of modelsync, told step by step on real servers. Run by `make demo`."""
