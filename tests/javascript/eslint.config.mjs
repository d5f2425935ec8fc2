// Rules for the page's scripts. They are joined into one function when a page is made (reporting/page/template.py), so a
// name at the top level of one is known to all.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import js from "@eslint/js";
import globals from "globals";

const folder = fileURLToPath(new URL("../../src/rtmri2speech/reporting/page/templates/", import.meta.url));
const declared = /^(?:async )?(?:const|let|function) ([\w$]+)/gm;
const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
const namesIn = Object.fromEntries(
  scripts.map((name) => [name, [...readFileSync(folder + name, "utf8").matchAll(declared)].map((match) => match[1])]),
);
const namesOutside = (script) =>
  Object.fromEntries(scripts.filter((name) => name !== script).flatMap((name) => namesIn[name].map((one) => [one, "writable"])));

export default [
  js.configs.recommended,
  ...scripts.map((name) => ({
    files: [`**/templates/${name}`],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, ...namesOutside(name) } },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-implicit-globals": "off",
      "no-shadow": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { vars: "local" }],
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => ({ property, message: "What files say stays text." }))],
    },
  })),
];
