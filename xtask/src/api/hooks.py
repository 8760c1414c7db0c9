"""What schemathesis must know about HTTP that it does not."""

import schemathesis


@schemathesis.hook
def filter_headers(context, headers):
    """Blanks around a value are not part of it (RFC 9110, 5.5): they are gone when it arrives."""
    values = (headers or {}).values()
    return all(value == value.strip(" \t") for value in values if isinstance(value, str))
