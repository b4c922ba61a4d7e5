const browsers: [RegExp, string][] = [[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'], [/Safari\//, 'Safari']]
const systems: [RegExp, string][] = [[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux']]

// browser names a browser and its system from its User-Agent: "Firefox on Linux".
export function browser(agent: string): string {
  const computer = /^Doorward-Desktop \((.+)\)$/.exec(agent)?.[1]
  if (computer) return `Doorward desktop app on ${computer}`
  const name = browsers.find(([mark]) => mark.test(agent))?.[1]
  const system = systems.find(([mark]) => mark.test(agent))?.[1]
  if (name && system) return `${name} on ${system}`
  return name ?? system ?? (agent.slice(0, 40) || 'Unknown browser')
}
