declare module 'virtual:messages' {
  const loads: Record<string, () => Promise<{ default: (string | Record<string, string>)[] }>>
  export default loads
}
