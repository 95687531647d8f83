// What a source file names of other files, by its syntax alone. Pure.
import { parseAst } from "vite";

const DECLARATIONS = new Set(["ImportDeclaration", "ExportNamedDeclaration", "ExportAllDeclaration"]);
const OWN_FOLDER = new Set(["__dirname", "__filename"]);

/**
 * {imports, requires, files, computed, looksBeside} of JavaScript or TypeScript, as far as it is no type. `files`: new
 * URL("…", import.meta.url), as threads and programs of our own are named. `computed`: the text of each import or require of a name that only
 * a run knows. `looksBeside`: whether it asks where it lies itself, as who reads files beside itself does.
 */
export function namedIn(text, lang = "js") {
  const found = { imports: [], requires: [], files: [], computed: [], looksBeside: false };
  const note = (node, kind, argument) => {
    const name = literalOf(argument);
    if (name === undefined) found.computed.push(text.slice(node.start, node.end));
    else found[kind].push(name);
  };
  visit(parseAst(text, { lang, sourceType: "unambiguous" }), (node) => {
    if (DECLARATIONS.has(node.type) && node.source && !isOfTypes(node)) note(node, "imports", node.source);
    else if (node.type === "ImportExpression") note(node, "imports", node.source);
    else if (node.type === "CallExpression" && isRequire(node.callee)) note(node, "requires", node.arguments[0]);
    else if (node.type === "NewExpression" && node.callee.name === "URL" && isOwnUrl(node.arguments[1]))
      note(node, "files", node.arguments[0]);
    if ((node.type === "Identifier" && OWN_FOLDER.has(node.name)) || node.type === "MetaProperty")
      found.looksBeside = true;
  });
  return found;
}

const isOfTypes = ({ importKind, exportKind }) => importKind === "type" || exportKind === "type";

function visit(node, see) {
  see(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (child?.type) visit(child, see);
  }
}

/** Also as a property: module.require("…"). */
const isRequire = (callee) =>
  callee.type === "MemberExpression" ? callee.property.name === "require" : callee.name === "require";

const isOwnUrl = (node) =>
  node?.type === "MemberExpression" && node.object.type === "MetaProperty" && node.property.name === "url";

function literalOf(node) {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return undefined;
}
