// The page without reloading: sign the book, read what others write as they write it, tell times as people do.

const entries = document.querySelector("#entries");
const form = document.querySelector(".form");
const template = document.querySelector("#entry");
const statusLine = document.querySelector("#status");

// Waits between attempts to reach the feed again, in milliseconds: doubled each time, up to the longest.
const SHORTEST_WAIT = 500;
const LONGEST_WAIT = 30_000;

// Entries

function show(entry) {
  if (document.getElementById(`entry-${entry.id}`)) return; // we posted it ourselves, or the feed was faster
  const article = template.content.cloneNode(true).querySelector(".entry");
  article.id = `entry-${entry.id}`;
  article.classList.add("new");
  article.querySelector(".message").textContent = entry.message;
  article.querySelector(".name").textContent = entry.name;
  article.querySelector("time").dateTime = entry.written;
  if (entry.image) article.querySelector(".image").src = entry.image;
  else article.querySelector(".image").remove();
  entries.querySelector(".empty")?.remove();
  const older = [...entries.children].find((other) => numberOf(other) < entry.id);
  entries.insertBefore(article, older ?? null);
  tellTimes(article);
}

function numberOf(article) {
  return Number(article.id.replace("entry-", ""));
}

function newestNumber() {
  return Math.max(0, ...[...entries.querySelectorAll(".entry")].map(numberOf));
}

// Times

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const calendar = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short" });
const STEPS = [
  [45, 1, null],
  [60 * 60, 60, "minute"],
  [24 * 60 * 60, 60 * 60, "hour"],
  [7 * 24 * 60 * 60, 24 * 60 * 60, "day"],
];

function sayTime(moment) {
  const seconds = (Date.now() - moment) / 1000;
  const step = STEPS.find(([limit]) => seconds < limit);
  if (!step) return calendar.format(moment);
  const [, unit, name] = step;
  return name ? ago.format(-Math.max(1, Math.round(seconds / unit)), name) : "just now";
}

function tellTimes(within) {
  for (const time of within.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    time.title = calendar.format(moment);
    time.textContent = sayTime(moment);
  }
}

// The feed

function follow(wait = SHORTEST_WAIT) {
  const url = new URL(entries.dataset.feed, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("after", newestNumber()); // nothing is missed between this page, or the last feed, and now
  const feed = new WebSocket(url);
  feed.onopen = () => {
    wait = SHORTEST_WAIT;
    tellStatus("Live", "live");
  };
  feed.onmessage = (message) => show(JSON.parse(message.data));
  feed.onclose = () => {
    tellStatus("Reconnecting …", "lost");
    const jitter = 0.5 + Math.random(); // so that not everybody comes back at once
    setTimeout(follow, wait * jitter, Math.min(wait * 2, LONGEST_WAIT));
  };
}

function tellStatus(text, state) {
  statusLine.hidden = false;
  statusLine.textContent = text;
  statusLine.dataset.state = state;
}

// The form

const FIELDS = ["name", "message", "image"];

function tellProblems(problems, general = "") {
  for (const field of FIELDS) {
    form.querySelector(`#${field}-problem`).textContent = problems[field] ?? "";
    form.elements[field].setAttribute("aria-invalid", field in problems);
  }
  form.querySelector("#form-problem").textContent = general;
  form.elements[FIELDS.find((field) => field in problems)]?.focus();
}

async function post(body) {
  const answer = await fetch(form.dataset.api, { method: "POST", body });
  const said = await answer.json();
  if (answer.ok) {
    show(said);
    document.getElementById(`entry-${said.id}`).scrollIntoView({ block: "nearest" });
    form.elements.message.value = "";
    form.elements.image.value = "";
    tellProblems({});
  } else {
    tellProblems(said.fields ?? {}, said.fields ? "" : said.detail);
  }
}

async function sign(event) {
  event.preventDefault();
  const body = new FormData(form);
  if (body.get("image").size > Number(form.dataset.maxImageBytes)) {
    tellProblems({ image: "This image is too large." });
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    await post(body);
  } catch {
    tellProblems({}, "The guestbook cannot be reached. Your words are still here; try again.");
  } finally {
    button.disabled = false;
  }
}

tellTimes(document);
setInterval(tellTimes, 60_000, document);
if (entries.dataset.feed) {
  form.addEventListener("submit", sign);
  follow();
}
