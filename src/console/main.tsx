import { render } from "preact";
import { ConsoleState } from "./state/console-state.ts";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/layout.css";
import "./style/parts.css";
import "./style/tables.css";
import "./style/requests.css";
import "./style/flow.css";
import "./style/backends.css";
import { App } from "./views/app.tsx";

const root = document.getElementById("console");
if (root === null) throw new Error("the page has no place for the console");
render(<App state={new ConsoleState()} />, root);
