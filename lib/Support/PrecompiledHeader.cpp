// Nothing: this file only anchors the precompiled header.
