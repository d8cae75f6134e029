// The door to Streamlit: called with new data on every rerun that changes something.

const studios = new WeakMap();

export default function draw({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".graph");
  let studio = studios.get(root);
  if (!studio) {
    studio = new Studio(root);
    studios.set(root, studio);
    studio.hear = ({ detail }) => {
      if (detail.graph === studio.key && detail.id === studio.id) studio.answer(detail);
    };
    window.addEventListener("mari-answer", studio.hear);
  }
  studio.key = data.key;
  studio.choose = (name, value) => setStateValue(name, value);
  studio.measure = () => setTriggerValue("measure", true);
  studio.ask = (asked) => {
    const whole = { id: studio.id, ...asked };
    window.mariAsked = { ...window.mariAsked, [studio.key]: whole };
    window.dispatchEvent(new CustomEvent("mari-ask", { detail: { graph: studio.key, asked: whole } }));
  };
  studio.offer(data.choices);
  if (studio.id !== data.id) {
    const first = !studio.id;
    studio.id = data.id;
    if (first) studio.readLink();
    studio.load(JSON.parse(data.scene));
    if (first) studio.followLink();
  } else {
    studio.retheme();
  }
  return () => {
    studios.delete(root);
    window.removeEventListener("mari-answer", studio.hear);
    studio.destroy();
  };
}
