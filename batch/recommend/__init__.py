"""Recommend: lists from vectors.

`topn.py` finds the best items of every user exactly, `new_items.py` lets new items in, `explanations.py` and
`reasons.py` say why (compiled in `explained.py`), `similar_items.py` lists what is alike, `popular.py` and
`segments.py` serve people of whom little is known. None of them knows how the vectors were learned, or where
lists are stored.
"""
