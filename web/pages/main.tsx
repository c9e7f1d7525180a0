// Starts the web app.
import { render } from "preact";
import "../style/index.css";

function App() {
  return <main>Clavitor</main>;
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
