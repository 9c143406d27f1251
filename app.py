"""The browser face: page config, the menu, and the workspace, link and language in force."""

from ui import here, notices, shell

shell.start()
with notices.caught():
    page = shell.menu(here.settle())
    page.run()
