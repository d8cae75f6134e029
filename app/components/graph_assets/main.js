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
  studio.report = (selected) => setStateValue("selected", selected);
  if (studio.scene?.id !== data.scene.id) studio.load(data.scene);
  else studio.retheme();
  root.style.setProperty("--graph-height", `${data.height}px`);
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
