"""Small papers on other theorems, to be read whole and copied: `python -m verify run --paper examples`."""
