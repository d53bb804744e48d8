// build.mjs loads the style sheets of modules as text.
declare module '*.css' {
  const text: string;
  export default text;
}
