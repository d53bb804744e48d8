// A style sheet as text: build.mjs loads those of modules so.
declare module '*.css' {
  const text: string;
  export default text;
}
