"""The web room: addresses, formats, pages. One router per family of addresses; `app` puts them together."""
