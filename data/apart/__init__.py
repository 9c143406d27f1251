"""Files people send are read in a process of their own, so that a crash or a bomb ends that process and not the app.

`look` and `check` do what `data.importing` does. The child gets a path and leaves JSON and Arrow files in a folder;
nothing of it is ever unpickled.
"""

from data.apart.asking import ORIGINAL, check, ending, is_apart, look, warm
from data.apart.kept import Kept
from data.apart.limits import Limits

__all__ = ["ORIGINAL", "Kept", "Limits", "check", "ending", "is_apart", "look", "warm"]
