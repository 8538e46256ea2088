// The page: it asks the application for lists, writes with If-Match, and shows what went wrong.

const byId = (id) => document.getElementById(id);
let nextPage = null;
const turns = new Map();

class Refusal extends Error {}

async function ask(method, path, { body, version } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  const reply = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const answer = reply.status === 204 ? null : await reply.json();
  if (!reply.ok) throw new Refusal(`${reply.status} ${reply.statusText}: ${explain(answer)}`);
  return answer;
}

// A problem has a text; what FastAPI says of a body that does not fit is a list.
function explain({ detail }) {
  if (!Array.isArray(detail)) return detail;
  return detail.map(({ loc, msg }) => `${loc.slice(1).join(".")}: ${msg}`).join("; ");
}

// What was refused is shown, and the lists are read again, as they are what the refusal is about.
async function attempt(work, done) {
  byId("problem").hidden = true;
  byId("news").textContent = "";
  try {
    await work();
    await reload();
    byId("news").textContent = done;
    return true;
  } catch (error) {
    byId("problem").textContent = error instanceof Refusal ? error.message : `no answer: ${error.message}`;
    byId("problem").hidden = false;
    if (error instanceof Refusal) await reload().catch(() => {});
    return false;
  }
}

function element(name, { text, className, children = [], ...attributes } = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function button(text, label, work, done) {
  const made = element("button", { text, type: "button", "aria-label": label });
  made.addEventListener("click", async () => {
    const refocus = focusKeeper(made);
    made.disabled = true;
    await attempt(work, done);
    made.disabled = false;
    refocus();
  });
  return made;
}

// A row is made anew when the list is read again; the keyboard stays where it was.
function focusKeeper(button) {
  const row = button.closest("[data-pipeline]");
  if (!row) return () => {};
  const place = [...row.querySelectorAll("button")].indexOf(button);
  const selector = `[data-pipeline="${CSS.escape(row.dataset.pipeline)}"]`;
  return () => document.querySelector(selector)?.querySelectorAll("button")[place]?.focus();
}

const time = (text) => (text ? new Date(text).toLocaleString() : "never");
const route = (...parts) => `/pipelines/${parts.map(encodeURIComponent).join("/")}`;

function pipelineRow(pipeline) {
  const { pipeline_id: id, version, is_active: isActive } = pipeline;
  const change = isActive ? "deactivate" : "activate";
  const cell = (text, className) => element("td", { text, className });
  const actions = [
    button(
      isActive ? "Deactivate" : "Activate",
      `${change} ${id}`,
      () => ask("POST", route(id, change), { version }),
      `${id} is ${isActive ? "inactive" : "active"} now`,
    ),
    " ",
    button("Run", `run ${id}`, () => ask("POST", route(id, "runs")), `a run of ${id} has started`),
  ];
  return element("tr", {
    "data-pipeline": id,
    children: [
      element("th", { text: id, scope: "row" }),
      cell(pipeline.environment),
      cell(pipeline.owner),
      element("td", {
        children: [
          element("span", {
            text: isActive ? "active" : "inactive",
            className: isActive ? "badge active" : "badge",
          }),
        ],
      }),
      cell(pipeline.running_count, "number"),
      cell(pipeline.failure_count, pipeline.failure_count ? "number failed" : "number"),
      cell(time(pipeline.last_run_at)),
      element("td", { children: actions }),
    ],
  });
}

function runEntry(run, what, buttons) {
  return element("li", {
    "data-run": run.run_id,
    children: [
      element("div", {
        children: [
          element("p", { text: run.pipeline_id }),
          element("p", { text: what, className: "what" }),
        ],
      }),
      element("div", { className: "buttons", children: buttons }),
    ],
  });
}

function runningEntry(run) {
  const { pipeline_id: id, run_id: runId } = run;
  const finish = (text, label, body, done) =>
    button(text, `${label} ${id}`, () => ask("POST", route(id, "runs", runId, "finish"), { body }), done);
  return runEntry(run, `since ${time(run.started_at)}`, [
    finish("Succeeded", "finish as succeeded the run of", { status: "succeeded" }, `a run of ${id} succeeded`),
    finish(
      "Failed",
      "finish as failed the run of",
      { status: "failed", error: "stopped by hand" },
      `a run of ${id} failed`,
    ),
  ]);
}

const failureEntry = (run) =>
  runEntry(run, `${run.error}, after ${Math.round(run.duration)} s, ${time(run.finished_at)}`, []);

// Of several answers for one list, only the one that was asked for last is shown.
function turnOf(list) {
  const mine = (turns.get(list) ?? 0) + 1;
  turns.set(list, mine);
  return () => turns.get(list) === mine;
}

async function showPipelines(cursor) {
  const wanted = new URLSearchParams({ limit: 50 });
  for (const [name, value] of new FormData(byId("filter"))) if (value) wanted.set(name, value);
  if (cursor) wanted.set("cursor", cursor);
  const isLatest = turnOf("pipelines");
  const page = await ask("GET", `/pipelines?${wanted}`);
  if (!isLatest()) return;
  const rows = page.items.map(pipelineRow);
  if (cursor) byId("pipelines").append(...rows);
  else byId("pipelines").replaceChildren(...rows);
  nextPage = page.cursor;
  byId("more").hidden = !nextPage;
}

async function showRuns(id, path, entry, nothing) {
  const isLatest = turnOf(id);
  const page = await ask("GET", `${path}?limit=10`);
  if (!isLatest()) return;
  const entries = page.items.map(entry);
  if (page.cursor) entries.push(element("li", { text: "and more", className: "what" }));
  byId(id).replaceChildren(...(entries.length ? entries : [element("li", { text: nothing })]));
}

async function reload() {
  await Promise.all([
    showPipelines(),
    showRuns("running", "/runs/running", runningEntry, "nothing"),
    showRuns("failures", "/runs/failures", failureEntry, "nothing"),
  ]);
}

byId("filter").addEventListener("change", () => attempt(() => {}, ""));
byId("more").addEventListener("click", () =>
  showPipelines(nextPage).catch((error) => attempt(() => Promise.reject(error), "")),
);
byId("create").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = Object.fromEntries(new FormData(form));
  const isDone = await attempt(() => ask("POST", "/pipelines", { body }), `${body.pipeline_id} is created`);
  if (isDone) form.reset();
});

attempt(() => {}, "");
