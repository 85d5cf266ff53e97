"""Texts that writers and formatters have trouble with, as the jobs of a manifest."""

HARD = {
    "plain": "a dog runs over the hill",
    "chinese": "小狗在草地上奔跑，天空很蓝。",
    "emoji": "a dog 🐕 and a family 👨‍👩‍👧",
    "combining": "cafe\u0301 and caf\u00e9",
    "right-to-left": "كلب يركض في الحديقة",
    "colon": "scene one: a dog: and a cat",
    "hash": "a dog # not a comment",
    "quotes": "it's a \"dog\" and a 'cat'",
    "curly": "a “dog” and a ‘cat’",
    "backslash": "a dog\\n and C:\\dogs",
    "braces": "a dog { in } [ brackets ], too",
    "percent": "100% dog, 5 > 3 & 2 < 4 | more",
    "star": "*dog* & _cat_ ~ `bird` !bang",
    "leading-star": "*starts with a star",
    "leading-ampersand": "&starts with one",
    "leading-dash": "- starts like an item",
    "leading-question": "? starts like a key",
    "leading-bar": "| starts like a block",
    "leading-space": "  two spaces before",
    "trailing-space": "two spaces behind  ",
    "only-inner-spaces": "a   dog     runs",
    "tab": "a\tdog\truns",
    "leading-tab": "\ta dog",
    "number": "007",
    "float": "1e3",
    "octal": "0o17",
    "sexagesimal": "12:30:45",
    "date": "2026-03-09",
    "no": "no",
    "null": "null",
    "tilde": "~",
    "true": "True",
    "infinity": ".inf",
    "lines": "first line\nsecond line\nthird line",
    "blank-line": "first\n\nthird",
    "blank-lines": "first\n\n\n\nfifth",
    "trailing-newline": "a line\n",
    "trailing-newlines": "a line\n\n\n",
    "leading-newline": "\na line",
    "indented-lines": "first\n  second is in\n    third is more so\nfourth",
    "first-line-indented": "  first is in\nsecond isn't",
    "trailing-spaces-in-lines": "first  \nsecond \nthird",
    "document-marks": "first\n---\nthird\n...",
    "hash-lines": "# first\n# second",
    "triple-quotes": 'a """ and a \'\'\' in it',
    "quote-at-end": 'it ends with "',
    "long": "a dog runs and " * 40 + "stops",
    "long-no-spaces": "狗" * 400,
    "long-with-runs": ("word " * 15 + "  ") * 8 + "end",
    "line-separator": "a dog\u2028and a cat",
    "no-break-space": "a\u00a0dog",
    "soft-hyphen": "a\u00addog",
    "zero-width": "a\u200bdog",
    "template-like": "{{ nothing }} and {% raw %}",
    "equals": "a = b, c := d",
    "at": "mail to nobody",
}


def manifest(names=HARD):
    """The manifest of these texts, as data."""
    jobs = []
    for name, text in ((name, HARD[name]) for name in HARD if name in names):
        # Behind a mention and a space; and the whole of a negative prompt.
        jobs.append({"id": f"p-{name}", "prompt": f"@dog {text}", "negative_prompt": text})
    return {
        "version": 1,
        "references": {"dog": {"type": "subject", "urls": ["https://images.example.com/d.png"]}},
        "defaults": {"resolution": "720p", "duration": 5},
        "jobs": jobs,
    }


def digests():
    """What the digest of each job is by the manual's recipe: canonical JSON of the request, SHA-256. Written without the program."""
    import hashlib
    import json

    found = {}
    for job in manifest()["jobs"]:
        request = {
            "input": {
                "duration": 5,
                "mutil_reference": [{"name": "dog", "type": "subject", "urls": ["https://images.example.com/d.png"]}],
                "negative_prompt": job["negative_prompt"],
                "prompt": job["prompt"],
                "resolution": "720p",
            },
            "selected_model": "PixVerse-v4.5-MR2V",
            "task_type": "multi_ref_img2video",
        }
        text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        found[job["id"]] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return found
