"""Runs the snippet of docs/editors.md in a real Neovim, which shows what `batch lsp` finds and applies a fix.

    neovim.py ROOT HOME      (started by `run`)
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

MANIFEST = """\
version: 1
references:
  dog: { type: subject, urls: ["https://example.com/dog.png"] }
defaults: { resolution: 720p, duration: 5 }
jobs:
  - { id: a, prompt: "小狗 @dgo runs, @dog" }
"""

# Waits for the finding, applies the first code action at it, asks for the page under the pointer, and says what it saw.
SCRIPT = """
vim.cmd("edit jobs.yaml")
vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end)
local found = vim.diagnostic.get(0)
for _, it in ipairs(found) do
  print("found", it.lnum + 1, it.col + 1, it.code)
end
vim.api.nvim_win_set_cursor(0, { found[1].lnum + 1, found[1].col })
vim.lsp.buf.code_action({ apply = true, filter = function(it) return it.title:find("write `@dog`") end })
vim.wait(20000, function() return vim.api.nvim_get_current_line():find("@dgo") == nil end)
print("line", vim.api.nvim_get_current_line())
vim.wait(20000, function() return #vim.diagnostic.get(0) == 0 end)
print("left", #vim.diagnostic.get(0))
vim.cmd("qa!")
"""


def main(root, home):
    page = (root / "docs/editors.md").read_text()
    snippet = re.search(r"```lua\n(.*?)```", page, re.S).group(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "jobs.yaml").write_text(MANIFEST)
        (folder / "init.lua").write_text(snippet)
        (folder / "script.lua").write_text(SCRIPT)
        path = f"{root / 'target/debug'}:{os.environ['PATH']}"
        environment = {"HOME": str(folder), "PATH": path, "LC_ALL": "C.UTF-8"}
        command = [home / "venv/bin/nvim", "--headless", "-u", "init.lua", "-c", "luafile script.lua"]
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90)
    said = ended.stderr.splitlines()
    # Neovim counts columns in bytes.
    start = len('  - { id: a, prompt: "小狗 '.encode()) + 1
    expected = [f"found 6 {start} unknown-mention", 'line   - { id: a, prompt: "小狗 @dog runs, @dog" }', "left 0"]
    missing = [line for line in expected if line not in said]
    print(f"\nneovim\n{len(expected) - len(missing):6} steps of the snippet went well")
    if missing:
        sys.exit(f"neovim: missing {missing} in\n{ended.stderr}")


main(Path(sys.argv[1]), Path(sys.argv[2]))
