// The pending page changes by itself when an Admin decides. On an event it fetches
// itself again, and the answer says what became of the request, so events carry no
// data. Without events it fetches every ten seconds, and every thirty where nobody sees it.
// It is served behind times.js, as one file.
;(() => {
	'use strict'
	const pending = document.getElementById('waiting')
	if (!pending) return
	const { page, home, events, ...says } = pending.dataset
	const live = document.getElementById('live')
	const facts = pending.querySelector('.facts')
	let served = facts.innerHTML, source, looked = Date.now(), looking = false, again = false, left = false
	let missed = false, wait = 1000, soon, later

	const say = (words, on) => {
		if (live.textContent !== words) live.textContent = words
		live.parentElement.classList.toggle('on', on)
	}

	// leave opens another page. Events that arrive until it has loaded are ignored.
	function leave(to) {
		if (left) return
		left = true
		hush()
		location.replace(to)
	}

	// look fetches the page and follows the answer: to the home page, to an updated
	// list of facts, or to a reload. Text in the note's field stays. Without an answer it tries
	// again soon.
	async function look() {
		clearTimeout(soon)
		if (left) return
		if (looking) { again = true; return }
		looking = true
		looked = Date.now()
		try {
			const answer = await fetch(page, { redirect: 'manual', cache: 'no-store', credentials: 'same-origin' })
			if (answer.type === 'opaqueredirect') {
				say(says.loading, true)
				leave(home)
			} else if (answer.status >= 500 || answer.status === 429) {
				say(says.busy, false)
				soon = setTimeout(look, 2000)
			} else if (!answer.ok) {
				leave(page)
			} else {
				const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#waiting .facts')
				if (fresh && fresh.innerHTML !== served) {
					served = facts.innerHTML = fresh.innerHTML
					document.dispatchEvent(new Event('times'))
				}
				say(says.live, true)
			}
		} catch {
			say(says.lost, false)
			soon = setTimeout(look, 2000)
		}
		looking = false
		if (again) { again = false; look() }
	}

	// listen opens the stream of events while the tab is seen. Browsers allow a host six
	// connections, so hidden tabs that kept theirs would stop the seventh from loading.
	function listen() {
		if (!window.EventSource || document.hidden || left || (source && source.readyState !== 2)) return
		source = new EventSource(events)
		source.onopen = opened
		source.onerror = lost
		for (const name of ['member', 'reload', 'message']) source.addEventListener(name, look)
	}

	// opened looks once more: what changed between the last look and now came as no event.
	function opened() {
		say(says.live, true)
		wait = 1000
		if (missed) look()
		missed = false
	}

	// lost looks why. The browser does not connect again to a server that has refused.
	function lost() {
		missed = true
		look()
		if (source.readyState !== 2) return
		clearTimeout(later)
		later = setTimeout(listen, wait)
		wait = Math.min(5000, wait * 2)
	}

	function hush() {
		if (source) source.close()
	}

	setInterval(() => {
		const open = source && source.readyState === 1
		if (Date.now() - looked > (open || document.hidden ? 29000 : 9000)) look()
		listen()
	}, 10000)
	addEventListener('online', look)
	document.addEventListener('visibilitychange', () => {
		if (document.hidden) return hush()
		look()
		listen()
	})
	// What a form has changed here comes as an event, too. Following that would cancel the
	// form's own answer, such as the page that says the request was withdrawn.
	addEventListener('submit', () => {
		left = true
		hush()
		setTimeout(() => { left = false; listen() }, 60000) // if the page is still here then
	})
	addEventListener('pagehide', hush)
	addEventListener('pageshow', e => { if (e.persisted) location.reload() })
	listen()
})()
