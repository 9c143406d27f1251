"""The browser face: page config, the menu, and the workspace, link and language in force.

`streamlit run app.py` loads this file once to start the server, where `app` is what it serves, and
then runs it for every visit, where the page is drawn.
"""

import streamlit as st

from ui import here, notices, shell, start

if start.visited():
    shell.configure()
    with notices.caught():
        shell.run(here.settle())
else:
    app = st.App(__file__, lifespan=start.lifespan)
