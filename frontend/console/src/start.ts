import { mount } from 'svelte'
import './lib/theme.svelte'
import App from './App.svelte'

// This runs after main.ts, which has started to load everything it needs.
export default () => mount(App, { target: document.getElementById('app')! })
