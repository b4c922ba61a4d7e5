declare module 'virtual:messages' {
  const loads: Record<string, () => Promise<{ default: (string | Record<string, string>)[] }>>
  export default loads
}
declare module 'virtual:guides/*' {
  const guide: { title: string; html: string }
  export default guide
}
declare module 'virtual:licences' {
  const licences: { packages: [string, string, string][]; modules: [string, string][] }
  export default licences
}
