/** The command line has no door for other packages; `main.ts` is the program. What its manual is made of is shown here. */
export { manual } from "./manual.ts";
export { routesText } from "./routes-text.ts";
