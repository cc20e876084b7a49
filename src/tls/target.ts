/** Dialogs read targets too, so the code stands on the ground floor. */
export * from '../model/target';
