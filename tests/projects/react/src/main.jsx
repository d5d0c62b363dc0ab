import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { score } from "./score.js";

function Board() {
  const [hits, setHits] = useState([]);
  return (
    <main>
      <h1>Score board: {score(hits)}</h1>
      <button onClick={() => setHits([...hits, true])}>hit</button>
      <button onClick={() => setHits([...hits, false])}>miss</button>
    </main>
  );
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <Board />
  </StrictMode>,
);
