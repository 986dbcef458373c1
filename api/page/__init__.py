"""The page: what the file holds, for people to look at; a guest of the service, loaded only where it is on.

A view is a module with one function for each of its addresses. All that is shown is read from published
files; `api/page/render.py` says what is done with every page, `templates/` how it looks.
"""
