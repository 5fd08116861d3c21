import { sequelize } from './models.mjs';

await sequelize.sync({ alter: true });
await sequelize.close();
