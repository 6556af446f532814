"""Sound out: helper processes that decode and play, so that neither a bad file nor a busy window is heard.

`engine` plays, `sketch` draws waveforms; both are processes without Qt and without torch that
speak JSON lines over their standard streams (`protocol`). `host` is the window's end of such a
process, `app.player.Player` what the rest of the window talks to.
"""
