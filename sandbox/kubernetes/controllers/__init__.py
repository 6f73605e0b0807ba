"""The control loops of the emulated cluster: one small module per controller.

Each says which kinds it watches, which keys an event touches, and how one key is brought nearer
to what is wanted. `loop.run` does the rest.
"""
