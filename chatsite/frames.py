"""The frames of RFC 6455 that people's clients send nearly always, read in one step."""

TEXT = 0x81  # FIN, and the opcode of a text
MASKED = 0x80
LENGTH_FOLLOWS = 126  # in two bytes


def whole_text(data: bytes) -> str | None:
    """The text in `data`, where that is one masked text frame of under 64 KiB and nothing else.

    None for everything else, be it right or wrong: what it is, is for a whole parser to say.
    """
    if len(data) < 6 or data[0] != TEXT:
        return None
    length, start = data[1] - MASKED, 2
    if length == LENGTH_FOLLOWS:
        length, start = int.from_bytes(data[2:4]), 4
        if length < LENGTH_FOLLOWS:
            return None  # it has a shorter form (section 5.2)
    elif length > LENGTH_FOLLOWS:
        return None
    payload = start + 4
    if len(data) != payload + length:
        return None
    mask = (data[start:payload] * (length // 4 + 1))[:length]
    masked = int.from_bytes(data[payload:])
    try:
        return (masked ^ int.from_bytes(mask)).to_bytes(length).decode()
    except UnicodeDecodeError:
        return None
