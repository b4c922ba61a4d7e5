import { mount } from 'svelte'
import './lib/theme.svelte'
import App from './App.svelte'

// main.ts calls it when the language is there, having started to load what it needs.
export default () => mount(App, { target: document.getElementById('app')! })
