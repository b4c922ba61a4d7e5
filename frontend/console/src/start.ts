import { mount } from 'svelte'
import './lib/theme.svelte'
import App from './App.svelte'

// What runs after main.ts, which has asked for all that it needs.
export default () => mount(App, { target: document.getElementById('app')! })
