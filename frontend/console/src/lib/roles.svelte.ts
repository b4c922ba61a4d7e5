import { api, ask, type Role } from './api/client'

// roles are all the roles. They rarely change and are needed everywhere.
class Roles {
  all = $state.raw<Role[]>([])
  grantable = $state.raw<string[]>([])

  load = async (): Promise<void> => {
    const { items, grantable } = await ask(api.GET('/roles'))
    this.all = items
    this.grantable = grantable
  }
}

export const roles = new Roles()
