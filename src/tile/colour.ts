export * from "../modes/colour.ts";
