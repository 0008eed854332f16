/** Stylesheets are bundled by esbuild into dist/webview/page.css. */
declare module '*.css';
