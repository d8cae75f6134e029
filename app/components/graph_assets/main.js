// The door to Streamlit: called with new data on every rerun that changes something.

const studios = new WeakMap();

export default function draw({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".graph");
  let studio = studios.get(root);
  if (!studio) {
    studio = new Studio(root);
    studios.set(root, studio);
    studio.hear = () => takeChoice(studio);
    window.addEventListener("mari-choice", studio.hear);
  }
  root.style.setProperty("--graph-height", `${data.height}px`);
  studio.report = (selected) => setStateValue("selected", selected);
  if (studio.id !== data.id) {
    studio.id = data.id;
    studio.load(JSON.parse(data.scene));
  } else {
    studio.retheme();
  }
  studio.key = data.key;
  takeChoice(studio);
  return () => {
    studios.delete(root);
    window.removeEventListener("mari-choice", studio.hear);
    studio.destroy();
  };
}

function takeChoice(studio) {
  const choice = window.mariChoices?.[studio.key];
  if (!choice || choice.taken) return;
  choice.taken = true;
  studio.choose(choice);
}
