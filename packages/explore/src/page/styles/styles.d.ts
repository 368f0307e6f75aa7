// Stylesheets, which the bundler joins into one file.
declare module '*.css';
