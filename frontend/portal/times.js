// Pages are served with times in UTC. This shows them in the reader's language and time zone,
// and again whenever the page has new ones. It does nothing else: it is also on the page of a
// link, where no script may act for the reader.
(() => {
	'use strict'
	const said = document.currentScript.dataset
	const lang = document.documentElement.lang
	const as = options => new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, options)
	const day = t => new Date(t).setHours(0, 0, 0, 0)

	function tell() {
		for (const el of document.querySelectorAll('time[data-say=on]')) {
			const t = new Date(el.dateTime)
			const days = Math.round((day(Date.now()) - day(t)) / 864e5)
			const sentence = { '-1': said.tomorrow, 0: said.today, 1: said.yesterday }[days] || said.day
			el.textContent = sentence
				.replace('{date}', () => as({ weekday: 'long', day: 'numeric', month: 'long' }).format(t))
				.replace('{time}', () => as({ hour: '2-digit', minute: '2-digit' }).format(t))
			el.title = as({ dateStyle: 'full', timeStyle: 'long' }).format(t)
		}
	}

	document.addEventListener('times', tell)
	tell()
})()
