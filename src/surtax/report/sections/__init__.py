"""The sections of the HTML report, each a function from a `Report` to HTML.

`effects` says what happens, `policy` what is done, `grounds` what the answer rests on. A section that has nothing to
say returns an empty text and is left out.
"""
