"""Keccak-256 with the padding from before it became SHA-3: the hash behind EIP-55 checksums.

Source: the Keccak reference, version 3.0 (2011). The standard library has only the later SHA-3.
"""

RATE_BYTES = 136
WORD = (1 << 64) - 1


def keccak_256(message: bytes) -> bytes:
    padding = bytearray(RATE_BYTES - len(message) % RATE_BYTES)
    padding[0] |= 0x01
    padding[-1] |= 0x80
    data = message + bytes(padding)
    lanes = [[0] * 5 for _ in range(5)]  # lanes[x][y]
    for start in range(0, len(data), RATE_BYTES):
        for place in range(RATE_BYTES // 8):
            word = data[start + place * 8 : start + place * 8 + 8]
            lanes[place % 5][place // 5] ^= int.from_bytes(word, "little")
        lanes = _permute(lanes)
    return b"".join(lanes[place % 5][place // 5].to_bytes(8, "little") for place in range(4))


def _permute(lanes: list[list[int]]) -> list[list[int]]:
    register = 1
    for _round in range(24):
        columns = [a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] for a in lanes]
        mixes = [columns[(x + 4) % 5] ^ _rotate(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lane ^ mixes[x] for lane in lanes[x]] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], _rotate(current, (step + 1) * (step + 2) // 2)
        for row in range(5):
            line = [lanes[column][row] for column in range(5)]
            for column in range(5):
                lanes[column][row] = line[column] ^ (
                    ~line[(column + 1) % 5] & line[(column + 2) % 5] & WORD
                )
        for bit in range(7):
            register = (register << 1) ^ ((register >> 7) * 0x71)
            register &= 0xFF
            if register & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    return lanes


def _rotate(lane: int, turn: int) -> int:
    turn %= 64
    return (lane << turn | lane >> (64 - turn)) & WORD
