"""Turns a text file into a C string: embed.py INPUT OUTPUT SYMBOL."""

import sys

source, target, symbol = sys.argv[1:4]
with open(source, encoding="utf-8") as text, open(target, "w", encoding="utf-8") as out:
    out.write(f"extern const char {symbol}[];\nconst char {symbol}[] =\n")
    for line in text:
        escaped = line.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"')
        out.write(f'        "{escaped}\\n"\n')
    out.write("        ;\n")
