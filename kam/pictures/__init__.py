"""Pictures: values in, geometry out. No Django, no text but what was given, no clock.

One module per picture; each has frozen dataclasses for what goes in, a function that
lays it out, and frozen dataclasses for what comes out, in units of the viewBox. Words
and number formats come in as strings or as a function ``Decimal -> str``. The tags in
``kam/templatetags/pictures.py`` draw the geometry with the fragments in
``templates/kam/pictures/``, on a page and in a PDF alike.
"""
